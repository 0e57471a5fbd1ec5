"""A deliberate mistake in the code, and the result of its test."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A single mistake: in `file`, the text `old`, which occurs once, is replaced by `new`.

    `test` must fail, and its message must contain `says`: the resource, property or value that is wrong.
    """

    name: str
    file: str
    old: str
    new: str
    test: str
    says: str

    def apply_to(self, text: str) -> str:
        """The file's `text` with the mistake. Raises ValueError if `text` doesn't contain `old` exactly once."""
        if text.count(self.old) != 1:
            raise ValueError(
                f"{self.name}: {self.file} must contain this text once, and contains it {text.count(self.old)} times; "
                f"update `old` to today's code, with enough context to be unique:\n{self.old}"
            )
        return text.replace(self.old, self.new)


class MutantStatus(Enum):
    """The result of a mistake. Every status except KILLED fails the run."""

    KILLED = "killed"
    SURVIVED = "survived"
    UNNAMED = "failed its test, which did not name what is wrong"
    INVALID = "stopped before the test's assertion"


@dataclass(frozen=True, kw_only=True)
class MutantResult:
    """A mistake's status, and the test's message."""

    mutant: Mutant
    status: MutantStatus
    message: str

    @property
    def line(self) -> str:
        """The message's first line."""
        return self.message.strip().partition("\n")[0]
