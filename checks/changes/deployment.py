"""A deployment of new templates over old ones, and what happens to a resource in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from checks.changes.replacements import Replacement, alters, replacements
from checks.templates import Reference, Resource, ResourceId, Templates


class UpdateOutcome(Enum):
    """What happens to a resource, from harmless to impossible."""

    IN_PLACE = "in place"
    INTERRUPTION = "in place, with an interruption"
    REPLACED = "replaced"
    REFUSED = "refused"

    @property
    def severity(self) -> int:
        """0 for the most harmless."""
        return list(UpdateOutcome).index(self)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One effect on a resource, why, and with which values (`detail`); not `certain` if more than templates decides it.

    If AWS refuses it, `remedy` says what to do. It may be solved by keeping a removed resource for one deployment.
    """

    outcome: UpdateOutcome
    text: str
    detail: str = ""
    certain: bool = True
    source: str = ""
    remedy: str = ""
    is_solved_by_keeping: bool = False

    def __str__(self) -> str:
        maybe = "" if self.certain else "possibly: "
        return f"{maybe}{self.text}: {self.detail}" if self.detail else f"{maybe}{self.text}"


def refused(text: str, detail: str, source: str, *, remedy: str, certain: bool = True) -> Effect:
    """The effect that the deployment fails, or leaves something behind."""
    return Effect(
        outcome=UpdateOutcome.REFUSED, text=text, detail=detail, source=source, remedy=remedy, certain=certain
    )


@dataclass(frozen=True)
class Deployment:
    """The old and new templates of a deployment."""

    old: Templates
    new: Templates

    @cached_property
    def old_resources(self) -> Mapping[ResourceId, Resource]:
        """The resources of the old templates."""
        return self.old.resources()

    @cached_property
    def new_resources(self) -> Mapping[ResourceId, Resource]:
        """The resources of the new templates."""
        return self.new.resources()

    @cached_property
    def replaced(self) -> Mapping[ResourceId, list[Replacement]]:
        """The resources that CloudFormation replaces, and why."""
        return replacements(self.old, self.new)

    def alters(self, reference: Reference) -> bool:
        """Whether a reference in the new templates has another value than before."""
        return alters(self.old, self.new, reference, self.replaced)

    def altered(self, id_: ResourceId) -> set[str]:
        """The properties of a kept resource whose value changes: another text, or a reference that changes."""
        before, after = (side[id_].get("Properties", {}) for side in (self.old_resources, self.new_resources))
        return {
            name
            for name in before.keys() | after.keys()
            if self.old.text(before.get(name), id_.stack) != self.new.text(after.get(name), id_.stack)
            or any(map(self.alters, self.new.references(after.get(name), id_.stack)))
        }
