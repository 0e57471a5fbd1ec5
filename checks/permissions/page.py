"""Writes docs/permissions.md: what each role may do, from the templates, and why, from the reasons."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from checks.permissions.grants import Grant, grants
from checks.permissions.reasons import FUNCTIONS, Reason, reasons_for
from checks.templates import Templates

INTRODUCTION = """\
# Permissions

Made from the synthesized templates and `checks/permissions/reasons.py` by `make snapshots`; a test fails when it is out
of date, when a role may do what has no reason, and when a reason is left over. A right counts wherever it is written:
in a policy of the role, or in one of a resource (queue, bucket, key, function) that names the role. Who may take a role
on, and what no policy may say, stands in `checks/permissions/bans.py`.

`make test-slow` deploys everything onto a local cloud that enforces IAM, and takes each action away from its role:

| Proof | What is shown |
|---|---|
| Platform | the deployed code fails without the action and works with it |
| Stand-in | AWS makes the call in the role's name. In its place a role with the same policies does: refused without |
| Simulator | nothing in the emulator asks for the action; its simulator of policies finds it allowed, and not without |
| Document | the local cloud can't show it, for the reason given; AWS's document stands for it |

Neighbours (another prefix, bucket, queue, function, secret, group or database user) are refused in the first three.
"""
HEADER = "| Action | On | If | Why | Proof |\n|---|---|---|---|---|"


def markdown(environments: Mapping[str, Templates]) -> str:
    """The page: each role as the first environment that has it shows it, and what all functions share."""
    shown: dict[str, list[Grant]] = {}
    where: dict[str, str] = {}
    for environment, templates in environments.items():
        found = grants(templates)
        for role in {grant.role for grant in found} - shown.keys():
            shown[role] = [grant for grant in found if grant.role == role]
            where[role] = environment
    everything = [grant for role in sorted(shown) for grant in shown[role]]
    shared = {_of_any(grant) for grant in everything if _reason(grant).role == FUNCTIONS}
    parts = [INTRODUCTION.strip(), _table(FUNCTIONS, sorted(shared))]
    for role in sorted(shown):
        own = [grant for grant in shown[role] if _reason(grant).role == role]
        title = role if where[role] == next(iter(environments)) else f"{role} ({where[role]})"
        parts += [_table(title, own)] if own else []
    return "\n\n".join(parts) + "\n"


def _reason(grant: Grant) -> Reason:
    found = reasons_for(grant)
    if len(found) != 1:
        raise ValueError(f"{grant} needs one reason in checks/permissions/reasons.py, and has {len(found)}")
    return found[0]


def _of_any(grant: Grant) -> Grant:
    """A grant as every function has it."""
    resources = tuple(resource.replace(grant.role, "its ", 1) for resource in grant.resources)
    return replace(grant, role=FUNCTIONS, resources=resources)


def _table(title: str, granted: Iterable[Grant]) -> str:
    rows: dict[tuple[tuple[str, ...], str, Reason], list[str]] = {}
    for grant in granted:
        rows.setdefault((grant.resources, grant.condition, _reason(grant)), []).append(grant.action)
    lines = [
        " | ".join(
            (
                _listed(actions),
                _listed(resources),
                f"`{condition}`" if condition else "",
                reason.why,
                reason.proof.value + (f": {reason.unproved}" if reason.unproved else ""),
            )
        )
        for (resources, condition, reason), actions in rows.items()
    ]
    return f"## {title}\n\n{HEADER}\n" + "\n".join(f"| {line} |" for line in lines)


def _listed(names: Iterable[str]) -> str:
    return "<br>".join(f"`{name}`" for name in names)
