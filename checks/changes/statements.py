"""The statements of all policies in the templates, by whom they give permissions to or whose doors they open."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from checks.changes.patterns import covers, overlaps
from checks.policies import documents
from checks.templates import Place, Resource, Templates, intrinsic

# Which resource a policy is for, where that isn't the one that carries it.
_TARGETS = {
    "AWS::IAM::ManagedPolicy": ("Roles", "Users", "Groups"),
    "AWS::IAM::Policy": ("Roles", "Users", "Groups"),
    "AWS::S3::BucketPolicy": ("Bucket",),
    "AWS::SNS::TopicPolicy": ("Topics",),
    "AWS::SQS::QueuePolicy": ("Queues",),
    "AWS::SecretsManager::ResourcePolicy": ("SecretId",),
}
_IDENTITIES = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
_NEGATED = ("StringNot", "ArnNot", "NotIpAddress", "NumericNot", "DateNot")


@dataclass(frozen=True, kw_only=True)
class Part:
    """The actions, resources or principals of a statement: all that match a pattern, or all that match none.

    `folded` where capitals don't matter, as in the names of actions.
    """

    patterns: tuple[str, ...]
    inverted: bool = False
    folded: bool = False

    def covers(self, other: "Part") -> bool:
        """Whether it contains all of the other."""
        mine, theirs = self._compared(), other._compared()
        if self.inverted and other.inverted:
            return all(any(covers(their, my) for their in theirs) for my in mine)
        if self.inverted:
            return not any(overlaps(my, their) for my in mine for their in theirs)
        if other.inverted:
            return "*" in mine
        return all(any(covers(my, their) for my in mine) for their in theirs)

    def _compared(self) -> list[str]:
        return [pattern.lower() if self.folded else pattern for pattern in self.patterns]

    def without(self, other: "Part") -> tuple[str, ...]:
        """What of it the other doesn't contain, in words."""
        return tuple(str(part) for part in self.atoms() if not other.covers(part))

    def atoms(self) -> "list[Part]":
        """The same as parts of one pattern each, as far as it can be taken apart."""
        if self.inverted or not self.patterns:
            return [self]
        return [replace(self, patterns=(pattern,)) for pattern in self.patterns]

    def __str__(self) -> str:
        return ("all but " if self.inverted else "") + ", ".join(self.patterns)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy; `conditions` are values by operator and key."""

    allow: bool
    actions: Part
    resources: Part
    principals: Part
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    sid: str = ""

    def covers(self, other: "Statement") -> bool:
        """Whether it applies wherever the other does."""
        return (
            self.actions.covers(other.actions)
            and self.resources.covers(other.resources)
            and self.principals.covers(other.principals)
            and not self.stricter_than(other)
        )

    def stricter_than(self, other: "Statement") -> list[str]:
        """Its conditions that the other doesn't imply, in words."""
        theirs = {(operator, key.lower()): values for operator, key, values in other.conditions}
        return [
            _condition(operator, key, values)
            for operator, key, values in self.conditions
            if not _implied(operator, values, theirs.get((operator, key.lower())))
        ]

    def uncovered_by(self, others: "list[Statement]") -> "list[Statement]":
        """Those of its atoms (one action, resource and principal each) that none of the others covers."""
        atoms = product(self.actions.atoms(), self.resources.atoms(), self.principals.atoms())
        split = (replace(self, actions=action, resources=one, principals=who) for action, one, who in atoms)
        return [atom for atom in split if not any(other.covers(atom) for other in others)]

    def __str__(self) -> str:
        words = f"{'Allow' if self.allow else 'Deny'} {self.actions}"
        if self.resources.patterns:
            words += f" on {self.resources}"
        if self.principals.patterns:
            words += f" for {self.principals}"
        if self.conditions:
            words += " if " + " and ".join(_condition(*condition) for condition in self.conditions)
        return words


@dataclass(frozen=True, kw_only=True, order=True)
class Holder:
    """Whom statements are about: the permissions of a role, who may take it on, or who may use a resource."""

    place: Place
    kind: str


def statements(templates: Templates) -> dict[Holder, list[Statement]]:
    """All statements of all policies, by holder."""
    found: dict[Holder, list[Statement]] = defaultdict(list)
    for place, resource in templates.resources().items():
        for holder, statement in _of_resource(templates, place, resource):
            found[Holder(place=templates.current(holder.place), kind=holder.kind)].append(statement)
    return dict(found)


def _of_resource(templates: Templates, place: Place, resource: Resource) -> Iterator[tuple[Holder, Statement]]:
    properties = resource.get("Properties", {})
    match resource["Type"]:
        case "AWS::IAM::Role":
            yield from _of_role(templates, place, properties)
        case "AWS::Lambda::Permission":
            yield from _of_permission(templates, place, properties)
        case "AWS::EC2::VPCEndpoint" if "PolicyDocument" not in properties:
            # Amazon VPC User Guide, "Control access to VPC endpoints": without a policy, full access.
            everything = Part(patterns=("*",))
            yield (
                Holder(place=place, kind="policy"),
                Statement(allow=True, actions=everything, resources=everything, principals=everything),
            )
        case type_:
            kind = "permissions" if type_ in _IDENTITIES else "policy"
            for holder in _holders(templates, place, type_, properties):
                for _, document in documents(templates, properties, place.stack):
                    for statement in _of_document(templates, document, place.stack):
                        yield Holder(place=holder, kind=kind), statement


def _of_role(templates: Templates, place: Place, properties: Mapping[str, Any]) -> Iterator[tuple[Holder, Statement]]:
    for statement in _of_document(templates, properties.get("AssumeRolePolicyDocument", {}), place.stack):
        yield Holder(place=place, kind="trust"), statement
    permissions = Holder(place=place, kind="permissions")
    for policy in properties.get("Policies", []):
        for statement in _of_document(templates, policy.get("PolicyDocument", {}), place.stack):
            yield permissions, statement
    for policy in properties.get("ManagedPolicyArns", []):
        attached = [reference.place for reference in templates.references(policy, place.stack)]
        for one in attached:
            document = templates.resource(one).get("Properties", {}).get("PolicyDocument", {})
            for statement in _of_document(templates, document, one.stack):
                yield permissions, statement
        if not attached:
            name = f"whatever {templates.text(policy, place.stack)} allows"
            nothing = Part(patterns=())
            yield (
                permissions,
                Statement(allow=True, actions=Part(patterns=(name,)), resources=nothing, principals=nothing),
            )


def _of_permission(
    templates: Templates, place: Place, properties: Mapping[str, Any]
) -> Iterator[tuple[Holder, Statement]]:
    """A permission to invoke a function is a statement in other words."""
    keys = {"SourceArn": "aws:SourceArn", "SourceAccount": "aws:SourceAccount", "PrincipalOrgID": "aws:PrincipalOrgID"}
    conditions = {keys[name]: properties[name] for name in keys if name in properties}
    document = {
        "Statement": {
            "Effect": "Allow",
            "Action": properties.get("Action", "*"),
            "Principal": properties.get("Principal", "*"),
            "Condition": {"StringLike": conditions} if conditions else {},
        }
    }
    function = next((one.place for one in templates.references(properties.get("FunctionName"), place.stack)), place)
    for statement in _of_document(templates, document, place.stack):
        yield Holder(place=function, kind="policy"), statement


def _holders(templates: Templates, place: Place, type_: str, properties: Mapping[str, Any]) -> list[Place]:
    targets = [properties[name] for name in _TARGETS.get(type_, ()) if name in properties]
    found = [reference.place for reference in templates.references(targets, place.stack)]
    if not found and type_ in _IDENTITIES and _attached(templates, place):
        return []  # counted where roles name their managed policies
    return list(dict.fromkeys(found)) or [place]


def _attached(templates: Templates, place: Place) -> bool:
    return any(
        reference.place == place
        for role, resource in templates.resources("AWS::IAM::Role").items()
        for reference in templates.references(resource.get("Properties", {}).get("ManagedPolicyArns", []), role.stack)
    )


def _of_document(templates: Templates, document: Mapping[str, Any], stack: str) -> Iterator[Statement]:
    for raw in _list(document.get("Statement", [])):
        yield Statement(
            allow=raw.get("Effect", "Allow") == "Allow",
            actions=_part(templates, raw, "Action", stack, folded=True),
            resources=_part(templates, raw, "Resource", stack),
            principals=_principals(templates, raw, stack),
            conditions=tuple(
                (operator, key, tuple(sorted(templates.text(value, stack) for value in _list(values))))
                for operator, keys in sorted(raw.get("Condition", {}).items())
                for key, values in sorted(keys.items())
            ),
            sid=raw.get("Sid", ""),
        )


def _part(templates: Templates, raw: Mapping[str, Any], name: str, stack: str, *, folded: bool = False) -> Part:
    inverted = f"Not{name}" in raw
    values = [templates.text(value, stack) for value in _list(raw.get(f"Not{name}" if inverted else name, []))]
    return Part(patterns=tuple(sorted(values)), inverted=inverted, folded=folded)


def _principals(templates: Templates, raw: Mapping[str, Any], stack: str) -> Part:
    inverted = "NotPrincipal" in raw
    value = raw.get("NotPrincipal" if inverted else "Principal", [])
    if isinstance(value, Mapping) and not intrinsic(value):
        names = [templates.text(one, stack) for ones in value.values() for one in _list(ones)]
    else:
        names = [templates.text(one, stack) for one in _list(value)]
    return Part(patterns=tuple(sorted(names)), inverted=inverted)


def _implied(operator: str, mine: tuple[str, ...], theirs: tuple[str, ...] | None) -> bool:
    """Whether a condition with the values `theirs` implies that with `mine`."""
    if theirs is None:
        return False
    base = operator.rpartition(":")[2]
    if base.startswith(_NEGATED):
        mine, theirs = theirs, mine
    if "Like" in base or base.startswith("Arn"):
        return Part(patterns=mine).covers(Part(patterns=theirs))
    return set(theirs) <= set(mine)


def _condition(operator: str, key: str, values: tuple[str, ...]) -> str:
    return f"{key} {operator} {' or '.join(values)}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
