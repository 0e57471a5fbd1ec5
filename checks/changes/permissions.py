"""Permissions that got wider: statements of policies that allow more, or deny less, than before."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from checks.statements import IDENTITY_POLICIES, ROLE, Element, Statement, holders, outside_policies, statements
from checks.templates import ResourceId, Templates

# The resource to which a resource policy belongs, where that isn't the policy itself.
_RESOURCES = {
    "AWS::Lambda::Permission": "FunctionName",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SecretsManager::ResourcePolicy": "SecretId",
}
_TITLES = {
    "permissions": "has more permissions",
    "trust": "can be assumed by more principals",
    "policy": "can be used by more principals",
}


@dataclass(frozen=True, kw_only=True, order=True)
class Holder:
    """The subject of statements: the `permissions` of a role, its `trust`, or the `policy` of a resource."""

    resource_id: ResourceId
    kind: str


@dataclass(frozen=True, kw_only=True)
class Widening:
    """One statement that allows more than before, or denies less; `details` say what."""

    holder: Holder
    what: str
    statement: str
    details: tuple[str, ...]

    @property
    def title(self) -> str:
        """The consequence for the holder."""
        return _TITLES[self.holder.kind]


def widenings(old: Templates, new: Templates, moves: Mapping[ResourceId, ResourceId]) -> list[Widening]:
    """All permissions that the new templates give and the old ones didn't, also to resources that moved."""
    old = old.with_moves(moves)
    before, after = _by_holder(old), _by_holder(new)
    present = set(new.resources())
    found = [
        widening
        for holder in sorted(before.keys() | after.keys())
        if holder.resource_id in present
        for widening in _of_holder(holder, before.get(holder, []), after.get(holder, []))
    ]
    return found + list(_boundaries(old, new))


def _by_holder(templates: Templates) -> dict[Holder, list[Statement]]:
    found: dict[Holder, list[Statement]] = defaultdict(list)
    of_policy = holders(templates)
    for statement in statements(templates):
        id_ = statement.resource_id
        if statement.is_trust:
            kind, ids = "trust", [id_]
        elif statement.type in (ROLE, *IDENTITY_POLICIES):
            kind, ids = "permissions", of_policy.get(id_) or [id_]
        else:
            target = templates.properties(id_).get(_RESOURCES.get(statement.type, ""))
            kind = "policy"
            ids = list(dict.fromkeys(one.resource_id for one in templates.references(target, id_.stack))) or [id_]
        for holder in ids:
            found[Holder(resource_id=templates.current(holder), kind=kind)].append(statement)
    for role, arn in outside_policies(templates):
        found[Holder(resource_id=templates.current(role), kind="permissions")].append(_of_aws_policy(role, arn))
    return found


def _of_aws_policy(role: ResourceId, arn: str) -> Statement:
    """Stands for the statements of an AWS managed policy, which no template contains."""
    nothing = Element(patterns=())
    return Statement(
        resource_id=role,
        type=ROLE,
        path="ManagedPolicyArns",
        allow=True,
        actions=Element(patterns=(f"everything in {arn}",)),
        resources=nothing,
        principals=nothing,
    )


def _of_holder(holder: Holder, before: list[Statement], after: list[Statement]) -> Iterator[Widening]:
    for effect in (True, False):
        was = [statement for statement in before if statement.allow is effect]
        is_ = [statement for statement in after if statement.allow is effect]
        # What is allowed now must have been allowed before; what was denied before must still be denied.
        for statement in is_ if effect else was:
            if left := statement.uncovered_by(was if effect else is_):
                yield _widening(holder, statement, _joined(left), was if effect else is_)


def _widening(holder: Holder, whole: Statement, statement: Statement, others: list[Statement]) -> Widening:
    """Describes the uncovered part of a `whole` statement by its difference from the most similar other statement."""
    nearest = max(others, key=lambda other: _similarity(whole, other), default=None)
    if nearest is None or not _similarity(whole, nearest):
        what = "new" if statement.allow else "lost"
        return Widening(holder=holder, what=what, statement=str(statement), details=())
    sign = "+" if statement.allow else "-"
    details = [
        f"{sign} {name.lower()} {text}"
        for name, mine in statement.elements.items()
        for text in mine.without(nearest.elements[name])
    ]
    details += [f"{'-' if statement.allow else '+'} condition {one}" for one in nearest.stricter_than(statement)]
    what = "wider" if statement.allow else "narrower"
    return Widening(holder=holder, what=what, statement=str(statement), details=tuple(details))


def _joined(parts: list[Statement]) -> Statement:
    """The parts of one statement, joined again."""

    def joined(name: str) -> Element:
        patterns = dict.fromkeys(pattern for part in parts for pattern in part.elements[name].patterns)
        return replace(parts[0].elements[name], patterns=tuple(patterns))

    return replace(parts[0], actions=joined("Action"), resources=joined("Resource"), principals=joined("Principal"))


def _similarity(one: Statement, other: Statement) -> int:
    """How likely one statement is a new version of the other: by their Sids and by the elements that they share.

    0 if they share too little to be related, such as the resource `*` only.
    """
    scores = [
        2
        if theirs.covers(mine)
        else int(any(a.covers(b) or b.covers(a) for a, b in product(mine.split(), theirs.split())))
        for mine, theirs in zip(one.elements.values(), other.elements.values(), strict=True)
        if mine.patterns or theirs.patterns
    ]
    if one.sid and one.sid == other.sid:
        return 10 + sum(scores)
    return sum(scores) if sum(bool(score) for score in scores) >= min(2, len(scores)) else 0


def _boundaries(old: Templates, new: Templates) -> Iterator[Widening]:
    """Permissions boundaries that were removed or replaced by another one."""
    origins = {old.current(id_): id_ for id_ in old.resources(ROLE)}
    for id_ in new.resources(ROLE):
        origin = origins.get(id_, id_)
        was = old.text(old.properties(origin).get("PermissionsBoundary", ""), origin.stack)
        now = new.text(new.properties(id_).get("PermissionsBoundary", ""), id_.stack)
        if was and was != now:
            yield Widening(
                holder=Holder(resource_id=id_, kind="permissions"),
                what="wider",
                statement=f"permissions boundary {now or '(none)'}",
                details=(f"- boundary {was}",),
            )
