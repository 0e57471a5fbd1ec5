"""What each role of an environment may do, read from its templates: role, action, resource, condition."""

import re
from collections import defaultdict
from dataclasses import dataclass

from checks.permissions.statements import Statement, statements
from checks.templates import REFERENCE, Place, Templates

ROLE, POLICIES = "AWS::IAM::Role", ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy")
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
    """A role by what it is for: "IngestionFunctionIdentityRoleC5680742" is "Ingestion"."""
    return _WORDS.sub("", without_hash(logical_id))


def grants(templates: Templates) -> list[Grant]:
    """Every grant of every role, sorted: by its policies, a shared one for each role, and by policies of resources."""
    services = {each.place: each.principals[0][1] for each in statements(templates) if each.is_trust}
    holders = _holders(templates)
    found = {
        Grant(
            role=role_name(role.id),
            service=services[role],
            action=action,
            resources=_resources(statement),
            condition=_condition(statement),
        )
        for statement in statements(templates)
        if statement.allows
        for role in (_let_in(statement) if _is_of_resource(statement) else holders.get(statement.place, ()))
        for action in statement.actions
    }
    return sorted(found)


def _holders(templates: Templates) -> dict[Place, list[Place]]:
    """The roles of each policy that they attach or that names them, and of what they hold themselves."""
    holders: dict[Place, list[Place]] = defaultdict(list)
    for place, role in templates.resources(ROLE).items():
        holders[place].append(place)
        for policy in role["Properties"].get("ManagedPolicyArns", []):
            # Fails for AWS's own policies, whose content no template shows.
            (attached,) = templates.references(policy, place.stack)
            holders[attached.place].append(place)
    for place, policy in templates.resources(*POLICIES).items():
        properties = policy["Properties"]
        for value in [properties["RoleName"]] if "RoleName" in properties else properties.get("Roles", []):
            name = templates.text(value, place.stack)
            if not (roles := _roles(name, templates)):
                raise ValueError(
                    f"{place} ({policy['Type']}) is for {name}, whose other policies nobody sees here: "
                    "attach it to a role of these stacks"
                )
            holders[place] += roles
    return holders


def _is_of_resource(statement: Statement) -> bool:
    """Whether it says whom a resource lets in; a role is one too, which lets in who may take it on."""
    return statement.is_trust or statement.type not in (ROLE, *POLICIES)


def _let_in(statement: Statement) -> set[Place]:
    """The roles that a resource lets in: by name, or as everybody who is held to a name."""
    if statement.type == "AWS::EC2::VPCEndpoint":
        return set()  # limits what passes: nobody may do a thing because an endpoint says so
    named = [name for _, name in statement.principals]
    if ("AWS", "*") in statement.principals:
        for operator, key, values in statement.conditions:
            named += values if key == "aws:principalarn" and "Not" not in operator else []
    return {role for name in named for role in _roles(name, statement.templates)}


def _roles(text: str, templates: Templates) -> set[Place]:
    """The roles that a text names: by reference, or by their names in writing."""
    places = {reference.place for reference in templates.named(text)}
    names = re.split("[:/]", text)
    return {
        place
        for place, role in templates.resources(ROLE).items()
        if place in places
        or ("RoleName" in role["Properties"] and templates.text(role["Properties"]["RoleName"], place.stack) in names)
    }


def _resources(statement: Statement) -> tuple[str, ...]:
    """Its resources; what a resource says of all, or of nothing, it says of itself."""
    own, itself = _is_of_resource(statement), without_hash(statement.place.id)
    listed = statement.resources or ["*"]
    return tuple(itself if own and resource == "*" else _shortened(resource) for resource in listed)


def _shortened(resource: str) -> str:
    """A resource as a reader knows it: without the hashes of logical ids, and what every ARN here begins with."""
    short = REFERENCE.sub(_named, resource)
    short = re.sub(r"[0-9a-f]{64}", "<hash>", short)
    return re.sub(r"^arn:[^:]+:([^:]+):[^:]*:[^:]*:", r"\1:", short)


def _named(found: re.Match[str]) -> str:
    name, attribute = without_hash(found["id"]), found["attribute"]
    return name if attribute in (None, "Arn") else f"{name}.{attribute}"


def _condition(statement: Statement) -> str:
    return "; ".join(
        f"{key} {'is' if operator.endswith('Equals') else operator} "
        + " or ".join(_shortened(value) for value in statement.texts(values))
        for operator, keys in statement.body.get("Condition", {}).items()
        for key, values in keys.items()
    )
