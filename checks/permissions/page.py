"""Writes the permissions of each role, and their reasons, as Markdown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from checks.permissions.grants import Grant, grants
from checks.permissions.reasons import FUNCTIONS, Reason, Reasons
from checks.templates import Templates

HEADER = "| Action | On | If | Why | Proof |\n|---|---|---|---|---|"


def markdown(environments: Mapping[str, Templates], reasons: Reasons, *, introduction: str) -> str:
    """The page: first the permissions of all functions, then each role as in the first environment with that role."""
    return _Page(environments=environments, reasons=reasons).markdown(introduction)


@dataclass(frozen=True, kw_only=True)
class _Page:
    environments: Mapping[str, Templates]
    reasons: Reasons

    def markdown(self, introduction: str) -> str:
        by_role: dict[str, list[Grant]] = {}
        environment_of: dict[str, str] = {}
        for environment, templates in self.environments.items():
            found = grants(templates, managed=self.reasons.managed)
            for role in {grant.role for grant in found} - by_role.keys():
                by_role[role] = [grant for grant in found if grant.role == role]
                environment_of[role] = environment
        everything = [grant for role in sorted(by_role) for grant in by_role[role]]
        shared = {_without_function_name(grant) for grant in everything if self._reason(grant).role == FUNCTIONS}
        parts = [introduction.strip(), self._table(FUNCTIONS, sorted(shared))]
        for role in sorted(by_role):
            own = [grant for grant in by_role[role] if self._reason(grant).role == role]
            first = environment_of[role] == next(iter(self.environments))
            title = role if first else f"{role} ({environment_of[role]})"
            parts += [self._table(title, own)] if own else []
        parts += [self._managed()] if self.reasons.managed else []
        return "\n\n".join(parts) + "\n"

    def _managed(self) -> str:
        lines = [
            f"| {each.role} | `{each.policy}` | {each.why} ({each.source}) |" for each in self.reasons.managed_policies
        ]
        return "\n".join(["## AWS managed policies", "", "| Role | Policy | Why |", "|---|---|---|", *sorted(lines)])

    def _reason(self, grant: Grant) -> Reason:
        found = self.reasons.of(grant)
        if len(found) != 1:
            raise ValueError(f"{grant} needs one reason, and has {len(found)}")
        return found[0]

    def _table(self, title: str, granted: Iterable[Grant]) -> str:
        rows: dict[tuple[tuple[str, ...], str, Reason], list[str]] = {}
        for grant in granted:
            rows.setdefault((grant.resources, grant.condition, self._reason(grant)), []).append(grant.action)
        lines = [
            " | ".join(
                (
                    _code(actions),
                    _code(resources),
                    f"`{condition}`" if condition else "",
                    reason.why + (f" ({reason.source})" if reason.source else ""),
                    reason.proof.value + (f": {reason.unproved}" if reason.unproved else ""),
                )
            )
            for (resources, condition, reason), actions in rows.items()
        ]
        return f"## {title}\n\n{HEADER}\n" + "\n".join(f"| {line} |" for line in lines)


def _without_function_name(grant: Grant) -> Grant:
    """The grant without the function's name, so that the same grant of several functions becomes one row."""
    resources = tuple(resource.replace(grant.role, "its ", 1) for resource in grant.resources)
    return replace(grant, role=FUNCTIONS, resources=resources)


def _code(names: Iterable[str]) -> str:
    return "<br>".join(f"`{name}`" for name in names)
