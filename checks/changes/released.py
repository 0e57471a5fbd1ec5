"""The templates as last released, and the changes to them that are meant (docs/decisions/0014)."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from checks.changes.comparable import PATH, masked
from checks.changes.errors import ChangesError
from checks.changes.guard import Finding, named
from checks.templates import Place, Template

FOLDER = Path(__file__).parent.parent.parent / "tests" / "released"
ACCEPTED = FOLDER / "accepted.toml"
_FIELDS = {"resource", "change", "environments", "reason"}


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A change that the guard finds and that is meant: to which `stack/LogicalId`, of what, where, and why."""

    resource: str
    change: str
    environments: tuple[str, ...]
    reason: str

    def means(self, finding: Finding, change: str) -> bool:
        """Whether this is about that change. Another one of the same resource may lose what it holds."""
        return self.resource == str(finding.place) and self.change == named(change)

    def answered(self, found: Iterable[Finding]) -> bool:
        """Whether the change is still among them."""
        return any(self.means(finding, change) for finding in found for change in finding.changes)


def read(environment: str, *, folder: Path = FOLDER) -> dict[str, Template]:
    """The environment's templates by stack name. Raises ChangesError where none was released."""
    files = sorted((folder / environment).glob("*.json"))
    if not files:
        kept = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.exists() else []
        raise ChangesError(
            f"nothing is kept as released for {environment!r}, only for {', '.join(kept) or 'no environment'}: "
            "`make mark-released` writes it"
        )
    return {file.stem: json.loads(file.read_text()) for file in files}


def write(environment: str, templates: Mapping[str, Template], *, folder: Path = FOLDER) -> None:
    """Keeps the templates as released, masked."""
    target = folder / environment
    target.mkdir(parents=True, exist_ok=True)
    for file in target.glob("*.json"):
        file.unlink()
    for stack, template in templates.items():
        (target / f"{stack}.json").write_text(masked(template))


def with_paths(templates: Mapping[str, Template], paths: Mapping[Place, str]) -> dict[str, Template]:
    """The templates with each resource's construct path, as the CDK's command line has them written."""
    return {
        stack: {
            **template,
            "Resources": {
                id_: {
                    **resource,
                    "Metadata": {**resource.get("Metadata", {}), PATH: paths.get(Place(stack=stack, id=id_), "")},
                }
                for id_, resource in template.get("Resources", {}).items()
            },
        }
        for stack, template in templates.items()
    }


def accepted(file: Path = ACCEPTED) -> list[Accepted]:
    """The changes that are meant. Raises ChangesError for an entry that says too little."""
    try:
        entries = tomllib.loads(file.read_text()).get("accepted", [])
    except tomllib.TOMLDecodeError as error:
        raise ChangesError(f"{file.name} is no TOML: {error}") from error
    for entry in entries:
        if entry.keys() != _FIELDS or not all(entry.values()):
            raise ChangesError(
                f"each [[accepted]] of {file.name} says {', '.join(sorted(_FIELDS))}, none of them empty; got {entry}"
            )
    return [Accepted(**{**entry, "environments": tuple(entry["environments"])}) for entry in entries]


def left(found: Iterable[Finding], accepted: Iterable[Accepted], environment: str) -> list[Finding]:
    """The findings with those of their changes that nobody accepted, where there are any."""
    here = [one for one in accepted if environment in one.environments]
    rest = (
        replace(
            finding,
            changes=tuple(change for change in finding.changes if not any(one.means(finding, change) for one in here)),
        )
        for finding in found
    )
    return [finding for finding in rest if finding.changes]


def entries(found: Iterable[Finding], environment: str) -> str:
    """What accepts the findings, as TOML that still lacks the reasons."""
    return "\n".join(
        "[[accepted]]\n"
        f'environments = ["{environment}"]\n'
        f'resource = "{finding.place}"\n'
        f'change = "{named(change)}"\n'
        'reason = ""\n'
        for finding in found
        for change in finding.changes
    )
