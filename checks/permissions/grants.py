"""Reads the permissions of each role from the templates: role, action, resources, condition."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from checks.statements import (
    ENDPOINT,
    IDENTITY_POLICIES,
    ROLE,
    Statement,
    holders,
    identities,
    outside_policies,
    statements,
)
from checks.templates import REFERENCE, ResourceId, Templates, without_hash

# The ends of logical ids that say what a construct is, rather than whose role it is.
_ROLE_WORDS = re.compile(r"(Function)?(Identity)?(Role)?$")


@dataclass(frozen=True, kw_only=True, order=True)
class Grant:
    """One action that a role may take on some resources; `service` is the service that may assume the role."""

    role: str
    service: str
    action: str
    resources: tuple[str, ...]
    condition: str = ""


def role_name(logical_id: str) -> str:
    """The name of what a role is for: "IngestFunctionIdentityRoleC5680742" is "Ingest"."""
    return _ROLE_WORDS.sub("", without_hash(logical_id))


def grants(templates: Templates, *, managed: Collection[str] = ()) -> list[Grant]:
    """Every grant of every role, sorted: by its own, shared and attached policies, and by resource policies.

    `managed` names AWS managed policies that roles may attach; their statements are in no template, so they are left
    out. Raises ValueError for any other policy that is in no template.
    """
    _require_known_policies(templates, managed)
    every = list(statements(templates))
    services = {one.resource_id: one.principals.patterns[0] for one in every if one.is_trust}
    of_policy = holders(templates)
    found = {
        Grant(
            role=role_name(role.logical_id),
            service=services[role],
            action=str(action),
            resources=_resources(statement),
            condition="; ".join(_condition_texts(statement)),
        )
        for statement in every
        if statement.allow
        for role in (
            _named_roles(statement, templates)
            if _is_of_resource(statement)
            else of_policy.get(statement.resource_id, [])
        )
        if templates.resource(role)["Type"] == ROLE
        for action in statement.actions.split()
    }
    return sorted(found)


def _require_known_policies(templates: Templates, managed: Collection[str]) -> None:
    """Refuses policies whose statements or roles are outside the templates: their grants would be missed."""
    for role, arn in outside_policies(templates):
        if arn.rpartition("/")[2] not in managed:
            raise ValueError(
                f"{role} attaches {arn}, whose statements are in no template: "
                "attach a customer-managed policy of these stacks"
            )
    for id_, policy in templates.resources(*IDENTITY_POLICIES).items():
        properties = templates.properties(id_)
        for value in [properties["RoleName"]] if "RoleName" in properties else properties.get("Roles", []):
            if not identities(name := templates.text(value, id_.stack), templates):
                raise ValueError(
                    f"{id_} ({policy['Type']}) is for the role {name}, which is in no template: "
                    "attach it to a role of these stacks"
                )


def _is_of_resource(statement: Statement) -> bool:
    """Whether it names those who may use a resource; a trust policy names those who may assume a role."""
    return statement.is_trust or statement.type not in (ROLE, *IDENTITY_POLICIES)


def _named_roles(statement: Statement, templates: Templates) -> set[ResourceId]:
    """The roles that a resource policy admits: by name, or as everybody under a condition that names them."""
    if statement.type == ENDPOINT:
        return set()  # it restricts what passes the endpoint, and grants nothing
    named = [*statement.principals.patterns]
    if "*" in named:
        for condition in statement.conditions:
            if condition.key.lower() == "aws:principalarn" and "Not" not in condition.operator:
                named += condition.values
    return {role for name in named for role in identities(name, templates)}


def _resources(statement: Statement) -> tuple[str, ...]:
    """Its resources; in a resource policy, "*" and no resource both mean the resource itself."""
    own, itself = _is_of_resource(statement), without_hash(statement.resource_id.logical_id)
    listed = [str(resource) for resource in statement.resources.split() if resource.patterns] or ["*"]
    return tuple(itself if own and resource == "*" else _shortened(resource) for resource in listed)


def _shortened(resource: str) -> str:
    """A resource for a reader: without hashes, and without the partition, region and account of an ARN."""
    short = REFERENCE.sub(_reference_name, resource)
    short = re.sub(r"[0-9a-f]{64}", "<hash>", short)
    return re.sub(r"^arn:[^:]+:([^:]+):[^:]*:[^:]*:", r"\1:", short)


def _reference_name(found: re.Match[str]) -> str:
    name, attribute = without_hash(found["id"]), found["attribute"]
    return name if attribute in (None, "Arn") else f"{name}.{attribute}"


def _condition_texts(statement: Statement) -> list[str]:
    return [
        f"{one.key} {'is' if one.operator.endswith('Equals') else one.operator} "
        + " or ".join(_shortened(value) for value in one.values)
        for one in statement.conditions
    ]
