"""The templates of the last release, and the changes to them that are accepted."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from checks.changes.comparable import PATH, ChangesError, masked, with_metadata
from checks.changes.guard import Finding, subject
from checks.templates import Resource, ResourceId, Template

_FIELDS = {"resource", "change", "environments", "reason"}


@dataclass(frozen=True, kw_only=True)
class AcceptedChange:
    """A finding of the guard that is intended: the resource as `stack/LogicalId`, what changes, where, and why."""

    resource: str
    change: str
    environments: tuple[str, ...]
    reason: str

    def accepts(self, finding: Finding, change: str) -> bool:
        """Whether it is about this change; other changes of the same resource are not accepted."""
        return self.resource == str(finding.resource_id) and self.change == subject(change)

    def applies_to(self, found: Iterable[Finding]) -> bool:
        """Whether it accepts any of the findings."""
        return any(self.accepts(finding, change) for finding in found for change in finding.changes)


def read(environment: str, *, folder: Path) -> dict[str, Template]:
    """The environment's templates by stack name. Raises ChangesError if none is kept."""
    files = sorted((folder / environment).glob("*.json"))
    if not files:
        kept = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.exists() else []
        raise ChangesError(
            f"no templates are kept as released for {environment!r}, only for {', '.join(kept) or 'no environment'}"
        )
    return {file.stem: json.loads(file.read_text()) for file in files}


def write(environment: str, templates: Mapping[str, Template], *, folder: Path) -> None:
    """Keeps the templates as released, masked."""
    target = folder / environment
    target.mkdir(parents=True, exist_ok=True)
    for file in target.glob("*.json"):
        file.unlink()
    for stack, template in templates.items():
        (target / f"{stack}.json").write_text(masked(template))


def with_paths(templates: Mapping[str, Template], paths: Mapping[ResourceId, str]) -> dict[str, Template]:
    """The templates with each resource's construct path in its metadata, as the CDK's command line writes them."""

    def of_stack(stack: str, template: Template) -> Template:
        def with_path(id_: str, resource: Resource) -> Mapping[str, str]:
            return {**resource.get("Metadata", {}), PATH: paths.get(ResourceId(stack=stack, logical_id=id_), "")}

        return with_metadata(template, with_path)

    return {stack: of_stack(stack, template) for stack, template in templates.items()}


def accepted(file: Path) -> list[AcceptedChange]:
    """The accepted changes in a TOML file. Raises ChangesError for an incomplete entry."""
    try:
        entries = tomllib.loads(file.read_text()).get("accepted", [])
    except tomllib.TOMLDecodeError as error:
        raise ChangesError(f"{file.name} is no valid TOML: {error}") from error
    for entry in entries:
        if entry.keys() != _FIELDS or not all(entry.values()):
            raise ChangesError(
                f"each [[accepted]] of {file.name} must have {', '.join(sorted(_FIELDS))}, none of them empty; "
                f"got {entry}"
            )
    return [AcceptedChange(**{**entry, "environments": tuple(entry["environments"])}) for entry in entries]


def not_accepted(found: Iterable[Finding], accepted: Iterable[AcceptedChange], environment: str) -> list[Finding]:
    """The findings without their accepted changes; findings whose changes are all accepted are left out."""
    here = [one for one in accepted if environment in one.environments]
    rest = (
        replace(
            finding,
            changes=tuple(
                change for change in finding.changes if not any(one.accepts(finding, change) for one in here)
            ),
        )
        for finding in found
    )
    return [finding for finding in rest if finding.changes]


def entries(found: Iterable[Finding], environment: str) -> str:
    """TOML that accepts the findings once the reasons are filled in."""
    return "\n".join(
        "[[accepted]]\n"
        f'environments = ["{environment}"]\n'
        f'resource = "{finding.resource_id}"\n'
        f'change = "{subject(change)}"\n'
        'reason = ""\n'
        for finding in found
        for change in finding.changes
    )
