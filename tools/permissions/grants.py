"""What each role of an environment may do, read from its templates: role, action, resource, condition."""

import re
from dataclasses import dataclass
from typing import Any

from tools.permissions.statements import Statement, Templates, followed, statements

ROLE, POLICIES = "AWS::IAM::Role", ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
# What the CDK calls a role's constructs, which says nothing beside whose role it is.
_WORDS = re.compile(r"(Function)?(Identity)?(Role)?$")


@dataclass(frozen=True, kw_only=True, order=True)
class Grant:
    """One action on some resources that a role is allowed; `service` is who takes the role on."""

    role: str
    service: str
    action: str
    resources: tuple[str, ...]
    condition: str = ""


def without_hash(logical_id: str) -> str:
    """A logical id without what the CDK adds to tell paths apart."""
    return re.sub(r"[0-9A-F]{8}$", "", logical_id)


def role_name(logical_id: str) -> str:
    """A role by what it is for: "FileIntakeFunctionIdentityRoleC5680742" is "FileIntake"."""
    return _WORDS.sub("", without_hash(logical_id))


def grants(templates: Templates) -> list[Grant]:
    """Every grant of every role, sorted. A policy that several roles share counts for each of them."""
    holders = _holders(templates)
    found = {
        Grant(
            role=role,
            service=service,
            action=action,
            resources=tuple(_shortened(resource) for resource in statement.resources),
            condition=_condition(statement),
        )
        for statement in statements(templates)
        if statement.allows and statement.type in (ROLE, *POLICIES) and not statement.is_trust
        for role, service in holders.get((statement.stack, statement.resource), ())
        for action in statement.actions
    }
    return sorted(found)


def _holders(templates: Templates) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """The roles, with their services, of each policy that they attach, and of what they hold themselves."""
    services = {(each.stack, each.resource): each.principals[0][1] for each in statements(templates) if each.is_trust}
    holders: dict[tuple[str, str], list[tuple[str, str]]] = {}

    def hold(holder: tuple[str, str], role: tuple[str, str]) -> None:
        holders.setdefault(holder, []).append((role_name(role[1]), services[role]))

    for stack, template in templates.items():
        for id_, resource in template.get("Resources", {}).items():
            properties, here = resource.get("Properties", {}), (stack, id_)
            if resource["Type"] == ROLE:
                hold(here, here)
                for policy in properties.get("ManagedPolicyArns", []):
                    hold(_place(policy, stack, templates), here)
            elif resource["Type"] in POLICIES:
                for role in properties.get("Roles", []):
                    hold(here, _place(role, stack, templates))
    return holders


def _place(reference: Any, stack: str, templates: Templates) -> tuple[str, str]:
    """The stack and the logical id of what a reference leads to."""
    value, where = followed(reference, stack, templates)
    return where, value["Ref"]


def _shortened(resource: str) -> str:
    """A resource as a reader knows it: without the hashes of logical ids, and what every ARN here begins with."""
    short = re.sub(r"\$\{(\w+?)[0-9A-F]{8}(?:\.([\w.]+))?\}", _named, resource)
    short = re.sub(r"[0-9a-f]{64}", "<hash>", short)
    return re.sub(r"^arn:[^:]+:([^:]+):[^:]*:[^:]*:", r"\1:", short)


def _named(found: re.Match[str]) -> str:
    return found[1] if found[2] in (None, "Arn") else f"{found[1]}.{found[2]}"


def _condition(statement: Statement) -> str:
    return "; ".join(
        f"{key} {'is' if operator.endswith('Equals') else operator} "
        + " or ".join(_shortened(value) for value in statement.texts(values))
        for operator, keys in statement.body.get("Condition", {}).items()
        for key, values in keys.items()
    )
