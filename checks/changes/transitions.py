"""What a deployment does if one value of an app's configuration changes: rows of a table for people."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from checks.changes.deployment import Effect, UpdateOutcome
from checks.changes.guard import subject
from checks.changes.report import Report
from checks.changes.stateful import STATEFUL

NOTHING = "nothing"
ELSEWHERE = "another environment"
_SHOWN = 4
_KEEPING = ("DeletionPolicy", "UpdateReplacePolicy", "termination protection")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One change of one value: its worst outcome, and what happens, as Markdown."""

    value: str
    change: str
    outcome: str
    text: str

    def __str__(self) -> str:
        return f"| `{self.value}` | {self.change} | {self.outcome} | {self.text} |"


def row(value: str, change: str, report: Report, *, elsewhere: bool = False) -> Row:
    """The row for a deployment of this change, which may be to `elsewhere`: another account or region."""
    result = ELSEWHERE if elsewhere else outcome(report)
    text = "New stacks, without data, beside the old ones, which stay as they are."
    return Row(value=value, change=change, outcome=result, text=text if result == ELSEWHERE else _text(report))


def outcome(report: Report) -> str:
    """The worst outcome of the deployment: an `UpdateOutcome`, `possibly` before one, NOTHING or ELSEWHERE."""
    if report.removed_stacks and len(report.new_stacks) == len(report.stacks) - len(report.removed_stacks):
        return ELSEWHERE
    if report.same:
        return NOTHING
    for each in reversed(UpdateOutcome):
        if found := [effect for effects in report.effects.values() for effect in effects if effect.outcome is each]:
            certain = any(effect.certain for effect in found)
            return each.value if certain or each is UpdateOutcome.IN_PLACE else f"possibly {each.value}"
    return UpdateOutcome.IN_PLACE.value


def severity(outcome: str) -> int:
    """The order of outcomes, the most harmless first."""
    values = [each.value for each in UpdateOutcome]
    order = [NOTHING, *(text for value in values for text in (f"possibly {value}", value)), ELSEWHERE]
    return order.index(outcome)


def _text(report: Report) -> str:
    parts = [
        _sentence(text, types, remedy)
        for each in (UpdateOutcome.REFUSED, UpdateOutcome.INTERRUPTION, UpdateOutcome.IN_PLACE)
        for text, (types, remedy) in _alike(report, each).items()
    ]
    lost = [id_ for id_ in report.of_outcome(UpdateOutcome.REPLACED) if report.type_of(id_) in STATEFUL]
    if lost:
        types = Counter(report.type_of(id_) for id_ in lost)
        parts.append(f"Replaced, with the loss of {_lost(types)}: {_counted(types)}.")
    others = Counter(report.type_of(id_) for id_ in report.of_outcome(UpdateOutcome.REPLACED) if id_ not in lost)
    if others:
        parts.append(f"Replaced: {_counted(others)}.")
    weaker = Counter(each.type for each in report.findings if subject(each.changes[0]) in _KEEPING)
    if weaker:
        parts.append(f"{_counted(weaker)}: less is kept if it is deleted later.")
    if report.removed_stacks:
        left = ", ".join(report.stacks[stack] for stack in report.removed_stacks)
        parts.append(f"Stays deployed until you delete it: {left}.")
    return " ".join(parts)


def _alike(report: Report, outcome: UpdateOutcome) -> Mapping[str, tuple[Counter[str], str]]:
    """The types of resources with each effect, and the remedy."""
    found: dict[str, tuple[Counter[str], str]] = {}
    first: dict[str, Effect] = {}
    resources: dict[str, set[object]] = defaultdict(set)
    for id_, effects in report.effects.items():
        for effect in effects:
            if effect.outcome is outcome:
                first.setdefault(effect.text, effect)
                resources[effect.text].add(id_)
    for text, ids in resources.items():
        types = Counter(report.type_of(id_) for id_ in report.effects if id_ in ids)
        found[text] = types, first[text].remedy
    return found


def _sentence(text: str, types: Counter[str], remedy: str) -> str:
    said = f"{_counted(types)}: {text}."
    return f"{said} *{remedy[0].upper()}{remedy[1:]}.*" if remedy else said


def _counted(types: Counter[str]) -> str:
    names = [f"{_name(type_)} ({count})" if count > 1 else _name(type_) for type_, count in types.most_common()]
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} other types" if more > 0 else "")


def _name(type_: str) -> str:
    return type_.removeprefix("AWS::")


def _lost(types: Counter[str]) -> str:
    return ", ".join(STATEFUL[type_].what for type_ in types)
