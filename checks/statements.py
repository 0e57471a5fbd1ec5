"""The statements of all IAM policies in the templates, wherever a resource holds a policy."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from checks.patterns import covers, overlaps
from checks.templates import Resource, ResourceId, Templates, intrinsic

ROLE = "AWS::IAM::Role"
IDENTITY_POLICIES = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy")
ENDPOINT, LAMBDA_PERMISSION = "AWS::EC2::VPCEndpoint", "AWS::Lambda::Permission"
_NAMES = {ROLE: "RoleName", "AWS::IAM::User": "UserName", "AWS::IAM::Group": "GroupName"}
_NEGATED = ("StringNot", "ArnNot", "NotIpAddress", "NumericNot", "DateNot")
# Amazon VPC User Guide, "Control access to VPC endpoints using endpoint policies": the default is full access.
_FULL_ACCESS = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}
# The property of a Lambda permission that becomes a condition: its operator and key.
_LAMBDA_CONDITIONS = {
    "SourceArn": ("ArnLike", "aws:SourceArn"),
    "SourceAccount": ("StringEquals", "aws:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
}


@dataclass(frozen=True, kw_only=True)
class Element:
    """The actions, resources or principals of a statement: everything that matches a pattern.

    If `inverted` (NotAction, NotResource, NotPrincipal), everything that matches none. If `ignore_case`, as for
    actions, upper and lower case are equal.
    """

    patterns: tuple[str, ...]
    inverted: bool = False
    ignore_case: bool = False

    def covers(self, other: "Element") -> bool:
        """Whether it contains everything in the other."""
        mine, theirs = self._comparable(), other._comparable()
        if self.inverted and other.inverted:
            return all(any(covers(their, my) for their in theirs) for my in mine)
        if self.inverted:
            return not any(overlaps(my, their) for my in mine for their in theirs)
        if other.inverted:
            return "*" in mine
        return all(any(covers(my, their) for my in mine) for their in theirs)

    def _comparable(self) -> list[str]:
        return [pattern.lower() if self.ignore_case else pattern for pattern in self.patterns]

    def without(self, other: "Element") -> tuple[str, ...]:
        """Descriptions of its parts that the other doesn't contain."""
        return tuple(str(part) for part in self.split() if not other.covers(part))

    def split(self) -> "list[Element]":
        """One element for each pattern; an inverted element can't be split."""
        if self.inverted or not self.patterns:
            return [self]
        return [replace(self, patterns=(pattern,)) for pattern in self.patterns]

    def __str__(self) -> str:
        return ("all except " if self.inverted else "") + ", ".join(self.patterns)


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One operator and key of a condition, with the values that it accepts."""

    operator: str
    key: str
    values: tuple[str, ...]

    def implied_by(self, other: "Condition") -> bool:
        """Whether it holds whenever the other one, of the same operator and key, does."""
        mine, theirs = self.values, other.values
        operator = self.operator.rpartition(":")[2]
        if operator.startswith(_NEGATED):
            mine, theirs = theirs, mine
        if "Like" in operator or operator.startswith("Arn"):
            return Element(patterns=mine).covers(Element(patterns=theirs))
        return set(theirs) <= set(mine)

    def __str__(self) -> str:
        return f"{self.key} {self.operator} {' or '.join(self.values)}"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy: the resource that holds it, the path of the property, and its elements."""

    resource_id: ResourceId
    type: str
    path: str
    allow: bool
    actions: Element
    resources: Element
    principals: Element
    principal_types: tuple[str, ...] = ()  # of each principal: "AWS", "Service", "Federated", "CanonicalUser"
    conditions: tuple[Condition, ...] = ()
    sid: str = ""

    @property
    def is_trust(self) -> bool:
        """Whether it says who may assume a role."""
        return self.path.startswith("AssumeRolePolicyDocument.")

    @property
    def elements(self) -> dict[str, Element]:
        """Its elements by their names in a policy."""
        return {"Action": self.actions, "Resource": self.resources, "Principal": self.principals}

    @property
    def location(self) -> str:
        """The place of the statement in the templates, for messages."""
        return f"{self.resource_id} ({self.type}), {self.path}" + (f' "{self.sid}"' if self.sid else "")

    def covers(self, other: "Statement") -> bool:
        """Whether it applies wherever the other does."""
        return (
            self.actions.covers(other.actions)
            and self.resources.covers(other.resources)
            and self.principals.covers(other.principals)
            and not self.stricter_than(other)
        )

    def stricter_than(self, other: "Statement") -> list[Condition]:
        """Its conditions that the other's don't imply."""
        theirs = {(one.operator, one.key.lower()): one for one in other.conditions}
        return [
            mine
            for mine in self.conditions
            if not ((found := theirs.get((mine.operator, mine.key.lower()))) and mine.implied_by(found))
        ]

    def uncovered_by(self, others: "list[Statement]") -> "list[Statement]":
        """Its parts (one action, resource and principal each) that none of the others covers."""
        parts = product(*(element.split() for element in self.elements.values()))
        statements = (replace(self, actions=action, resources=one, principals=who) for action, one, who in parts)
        return [part for part in statements if not any(other.covers(part) for other in others)]

    def __str__(self) -> str:
        text = f"{'Allow' if self.allow else 'Deny'} {self.actions}"
        if self.resources.patterns:
            text += f" on {self.resources}"
        if self.principals.patterns:
            text += f" for {self.principals}"
        if self.conditions:
            text += " if " + " and ".join(map(str, self.conditions))
        return text


def statements(templates: Templates) -> Iterator[Statement]:
    """All statements of identity policies, trust policies and resource policies, Lambda permissions included."""
    for id_, resource in templates.resources().items():
        for path, document in _documents(templates, _properties(resource), id_.stack):
            for index, raw in enumerate(_listed(document["Statement"])):
                at = f"{path}.Statement[{index}]"
                yield _statement(templates, raw, resource_id=id_, type_=resource["Type"], path=at)


def holders(templates: Templates) -> dict[ResourceId, list[ResourceId]]:
    """The roles, users and groups to which each identity policy gives permissions; a role also for its own policies.

    AWS's managed policies, and roles outside these templates, are left out.
    """
    found: dict[ResourceId, list[ResourceId]] = defaultdict(list)
    for id_ in templates.resources(ROLE):
        found[id_].append(id_)
        for policy in templates.properties(id_).get("ManagedPolicyArns", []):
            for reference in templates.references(policy, id_.stack):
                found[reference.resource_id].append(id_)
    for id_ in templates.resources(*IDENTITY_POLICIES):
        properties = templates.properties(id_)
        named = [properties[name] for name in ("RoleName", "Roles", "Users", "Groups") if name in properties]
        for value in (value for values in named for value in _listed(values)):
            referenced = [reference.resource_id for reference in templates.references(value, id_.stack)]
            found[id_] += referenced or identities(templates.text(value, id_.stack), templates)
    return {id_: list(dict.fromkeys(own)) for id_, own in found.items()}


def outside_policies(templates: Templates) -> Iterator[tuple[ResourceId, str]]:
    """Each role with the policies that it attaches and no template contains, such as AWS managed policies."""
    for role in templates.resources(ROLE):
        for policy in templates.properties(role).get("ManagedPolicyArns", []):
            if not list(templates.references(policy, role.stack)):
                yield role, templates.text(policy, role.stack)


def identities(text: str, templates: Templates) -> list[ResourceId]:
    """The roles, users and groups that a text names: by reference or by their names."""
    referenced = {reference.resource_id for reference in templates.named(text)}
    names = {*text.replace("/", ":").split(":")} - {""}
    return [
        id_
        for id_, resource in templates.resources(*_NAMES).items()
        if id_ in referenced
        or templates.text(templates.properties(id_).get(_NAMES[resource["Type"]], ""), id_.stack) in names
    ]


def _properties(resource: Resource) -> Mapping[str, Any]:
    """The resource's properties, with a policy that is implicit or written otherwise as a policy document."""
    properties: Mapping[str, Any] = resource.get("Properties", {})
    if resource["Type"] == ENDPOINT and "PolicyDocument" not in properties:
        return {**properties, "PolicyDocument": _FULL_ACCESS}
    if resource["Type"] == LAMBDA_PERMISSION:
        return {"Permission": {"Statement": _lambda_permission(properties)}}
    return properties


def _lambda_permission(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """The statement that an AWS::Lambda::Permission adds to the function's policy."""
    principal = properties.get("Principal", "*")
    service = isinstance(principal, str) and ".amazonaws.com" in principal
    condition: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, (operator, key) in _LAMBDA_CONDITIONS.items():
        if name in properties:
            condition[operator][key] = properties[name]
    return {
        "Effect": "Allow",
        "Principal": {"Service" if service else "AWS": principal},
        "Action": properties.get("Action", "*"),
        "Resource": properties.get("FunctionName", "*"),
        "Condition": condition,
    }


def _documents(
    templates: Templates, value: Any, stack: str, *, path: str = ""
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The policy documents inside a value, each with the path of its property.

    A policy document is whatever has a `Statement`. Some resources take theirs as JSON text.
    """
    if intrinsic(value) in ("Fn::Join", "Fn::Sub"):
        value = templates.text(value, stack)
    if isinstance(value, str) and value.startswith("{") and '"Statement"' in value:
        value = json.loads(value)
    if isinstance(value, Mapping) and "Statement" in value:
        yield path, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _documents(templates, inner, stack, path=f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _documents(templates, inner, stack, path=f"{path}[{index}]")


def _statement(
    templates: Templates, raw: Mapping[str, Any], *, resource_id: ResourceId, type_: str, path: str
) -> Statement:
    def texts(values: Any) -> tuple[str, ...]:
        return tuple(templates.text(value, resource_id.stack) for value in _listed(values))

    def element(name: str, *, ignore_case: bool = False) -> Element:
        inverted = f"Not{name}" in raw
        patterns = texts(raw.get(f"Not{name}" if inverted else name, []))
        return Element(patterns=patterns, inverted=inverted, ignore_case=ignore_case)

    inverted = "NotPrincipal" in raw
    principals = raw.get("NotPrincipal" if inverted else "Principal", {})
    if not isinstance(principals, Mapping) or intrinsic(principals):
        principals = {"AWS": principals}
    named = [(kind, name) for kind, values in principals.items() for name in texts(values)]
    return Statement(
        resource_id=resource_id,
        type=type_,
        path=path,
        allow=raw.get("Effect", "Allow") == "Allow",
        actions=element("Action", ignore_case=True),
        resources=element("Resource"),
        principals=Element(patterns=tuple(name for _, name in named), inverted=inverted),
        principal_types=tuple(kind for kind, _ in named),
        conditions=tuple(
            Condition(operator=operator, key=key, values=texts(values))
            for operator, keys in raw.get("Condition", {}).items()
            for key, values in keys.items()
        ),
        sid=raw.get("Sid", ""),
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
