"""What each role of an environment may do, read from its templates: role, action, resource, condition."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.permissions.statements import Place, Statement, Templates, followed, statements, text

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
    """A role by what it is for: "FileIntakeFunctionIdentityRoleC5680742" is "FileIntake"."""
    return _WORDS.sub("", without_hash(logical_id))


def grants(templates: Templates) -> list[Grant]:
    """Every grant of every role, sorted: by its policies, a shared one for each role, and by policies of resources."""
    services = {each.place: each.principals[0][1] for each in statements(templates) if each.is_trust}
    holders = _holders(templates)
    found = {
        Grant(
            role=role_name(role[1]),
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
    holders: dict[Place, list[Place]] = {}
    for stack, template in templates.items():
        for id_, resource in template.get("Resources", {}).items():
            properties, here = resource.get("Properties", {}), (stack, id_)
            if resource["Type"] == ROLE:
                holders.setdefault(here, []).append(here)
                for policy in properties.get("ManagedPolicyArns", []):
                    value, where = followed(policy, stack, templates)
                    holders.setdefault((where, value["Ref"]), []).append(here)
            elif resource["Type"] in POLICIES:
                named = [properties["RoleName"]] if "RoleName" in properties else properties.get("Roles", [])
                for name in named:
                    if not (roles := _roles(name, stack, templates)):
                        raise ValueError(
                            f"{stack}/{id_} ({resource['Type']}) is for {name}, whose other policies nobody sees here: "
                            "attach it to a role of these stacks"
                        )
                    holders.setdefault(here, []).extend(roles)
    return holders


def _is_of_resource(statement: Statement) -> bool:
    """Whether it says whom a resource lets in; a role is one too, which lets in who may take it on."""
    return statement.is_trust or statement.type not in (ROLE, *POLICIES)


def _let_in(statement: Statement) -> set[Place]:
    """The roles that a resource lets in: by name, or as everybody who is held to a name."""
    if statement.type == "AWS::EC2::VPCEndpoint":
        return set()  # limits what passes: nobody may do a thing because an endpoint says so
    named = [statement.body.get("Principal", {})]
    if ("AWS", "*") in statement.principals:
        conditions = statement.body.get("Condition", {}).items()
        held = [keys for operator, keys in conditions if "Not" not in operator]
        named += [value for keys in held for key, value in keys.items() if key.lower() == "aws:principalarn"]
    return _roles(named, statement.stack, statement.templates)


def _roles(value: Any, stack: str, templates: Templates) -> set[Place]:
    """The roles that a value of `stack` names, wherever in it: by reference, or by their names in writing."""
    value, stack = followed(value, stack, templates)
    match value:
        case {"Ref": str(id_)} | {"Fn::GetAtt": [str(id_), *_]}:
            found = [_with_id(id_, stack, templates)]
        case str():
            found = [_with_id(id_, stack, templates) for id_ in re.findall(r"\$\{(\w+)", value)]
        case Mapping():
            found = [_roles(each, stack, templates) for each in value.values()]
        case list():
            found = [_roles(each, stack, templates) for each in value]
        case _:
            found = []
    return _with_name(re.split("[:/]", text(value, templates)), templates).union(*found)


def _with_id(id_: str, stack: str, templates: Templates) -> set[Place]:
    # A policy that is written as text has lost of which stack its references are.
    where = [stack] if id_ in templates[stack]["Resources"] else templates
    return {(each, id_) for each in where if templates[each]["Resources"].get(id_, {}).get("Type") == ROLE}


def _with_name(names: list[str], templates: Templates) -> set[Place]:
    return {
        (stack, id_)
        for stack, template in templates.items()
        for id_, resource in template["Resources"].items()
        if resource["Type"] == ROLE and "RoleName" in resource["Properties"]
        if text(resource["Properties"]["RoleName"], templates) in names
    }


def _resources(statement: Statement) -> tuple[str, ...]:
    """Its resources; what a resource says of all, or of nothing, it says of itself."""
    own, itself = _is_of_resource(statement), without_hash(statement.resource)
    listed = statement.resources or ["*"]
    return tuple(itself if own and resource == "*" else _shortened(resource) for resource in listed)


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
