"""What a mistake is, and what became of it."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A single mistake: in `file`, the text `old`, which stands there once, becomes `new`.

    `test` is the promise that must break, and `says` a word that its message must hold: the resource, property or value
    that is wrong.
    """

    name: str
    file: str
    old: str
    new: str
    test: str
    says: str

    def made_in(self, text: str) -> str:
        """The file's text with the mistake. Raises ValueError where `old` doesn't stand in it exactly once."""
        if text.count(self.old) != 1:
            raise ValueError(
                f"{self.name}: {self.file} must hold this text once, and holds it {text.count(self.old)} times; "
                f"name what stands there now, with as much around it as tells its place:\n{self.old}"
            )
        return text.replace(self.old, self.new)


class Fate(Enum):
    """What a mistake came to. All but the first fail the run."""

    KILLED = "killed"
    SURVIVED = "survived"
    MUTE = "killed without a word of what is wrong"
    INVALID = "stopped before the promise"


@dataclass(frozen=True, kw_only=True)
class Result:
    """A mistake's fate, and what the test said."""

    mutant: Mutant
    fate: Fate
    said: str

    @property
    def line(self) -> str:
        """The first line of what was said."""
        return self.said.strip().partition("\n")[0]
