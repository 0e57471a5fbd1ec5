"""Who may do more than before: statements of policies that got wider."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from checks.changes.statements import Holder, Part, Statement, statements
from checks.templates import Place, Templates

_KINDS = {"permissions": "may do more", "trust": "may be taken on by more", "policy": "lets more in"}


@dataclass(frozen=True, kw_only=True)
class Widening:
    """One statement that allows more than before, or that forbids less; `details` say by what."""

    holder: Holder
    what: str
    statement: str
    details: tuple[str, ...]

    @property
    def title(self) -> str:
        """What it means for the holder."""
        return _KINDS[self.holder.kind]


def widenings(old: Templates, new: Templates, moves: Mapping[Place, Place]) -> list[Widening]:
    """Everything that somebody may do now and might not before. A resource that moved is compared with what it was."""
    before, after = statements(old.moved(moves)), statements(new)
    present = set(new.resources())
    found = [
        widening
        for holder in sorted(before.keys() | after.keys())
        if holder.place in present
        for widening in _of_holder(holder, before.get(holder, []), after.get(holder, []))
    ]
    return found + list(_boundaries(old.moved(moves), new))


def _of_holder(holder: Holder, before: list[Statement], after: list[Statement]) -> Iterator[Widening]:
    for effect in (True, False):
        was = [statement for statement in before if statement.allow is effect]
        is_ = [statement for statement in after if statement.allow is effect]
        # What is allowed must have been allowed before; what was denied must still be.
        for statement in is_ if effect else was:
            if left := statement.uncovered_by(was if effect else is_):
                yield _widening(holder, statement, _joined(left), was if effect else is_)


def _widening(holder: Holder, whole: Statement, statement: Statement, others: list[Statement]) -> Widening:
    """What of the `whole` nobody covers, by what sets it apart from the statement that it was likely made of."""
    nearest = max(others, key=lambda other: _likeness(whole, other), default=None)
    if nearest is None or not _likeness(whole, nearest):
        what = "new" if statement.allow else "lost"
        return Widening(holder=holder, what=what, statement=str(statement), details=())
    sign = "+" if statement.allow else "-"
    parts = (
        ("action", statement.actions, nearest.actions),
        ("resource", statement.resources, nearest.resources),
        ("principal", statement.principals, nearest.principals),
    )
    details = [f"{sign} {name} {word}" for name, mine, theirs in parts for word in mine.without(theirs)]
    details += [f"{'-' if statement.allow else '+'} condition {one}" for one in nearest.stricter_than(statement)]
    what = "wider" if statement.allow else "narrower"
    return Widening(holder=holder, what=what, statement=str(statement), details=tuple(details))


def _joined(atoms: list[Statement]) -> Statement:
    """The atoms of one statement as one again."""

    def part(parts: list[Part]) -> Part:
        return replace(parts[0], patterns=tuple(dict.fromkeys(pattern for one in parts for pattern in one.patterns)))

    return replace(
        atoms[0],
        actions=part([atom.actions for atom in atoms]),
        resources=part([atom.resources for atom in atoms]),
        principals=part([atom.principals for atom in atoms]),
    )


def _likeness(one: Statement, other: Statement) -> int:
    """How likely the one was made of the other: by its name, and by how much of each part they share.

    0 where they share no more than, say, the resource `*`: then they have nothing to do with each other.
    """
    scores = [
        2 if theirs.covers(mine) else int(any(_related(a, b) for a in mine.atoms() for b in theirs.atoms()))
        for mine, theirs in (
            (one.actions, other.actions),
            (one.resources, other.resources),
            (one.principals, other.principals),
        )
        if mine.patterns or theirs.patterns
    ]
    if one.sid and one.sid == other.sid:
        return 10 + sum(scores)
    return sum(scores) if sum(bool(score) for score in scores) >= min(2, len(scores)) else 0


def _related(one: Part, other: Part) -> bool:
    return one.covers(other) or other.covers(one)


def _boundaries(old: Templates, new: Templates) -> Iterator[Widening]:
    """A permissions boundary that is gone or another."""
    before = {old.current(place): (place, role) for place, role in old.resources("AWS::IAM::Role").items()}
    for place, role in new.resources("AWS::IAM::Role").items():
        origin, was = before.get(place, (place, {}))
        text = old.text(was.get("Properties", {}).get("PermissionsBoundary", ""), origin.stack)
        now = new.text(role.get("Properties", {}).get("PermissionsBoundary", ""), place.stack)
        if text and text != now:
            yield Widening(
                holder=Holder(place=place, kind="permissions"),
                what="wider",
                statement=f"permissions boundary {now or '(none)'}",
                details=(f"- boundary {text}",),
            )
