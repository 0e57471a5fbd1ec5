"""The change report of one environment: what a deployment of today's templates changes, stack by stack."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from checks.changes.comparable import comparable
from checks.changes.comparison import NOT_SET, Comparison, Difference, compare
from checks.changes.exposure import Opening, openings
from checks.changes.guard import Finding, described, findings
from checks.changes.permissions import Widening, widenings
from checks.changes.replacements import Replacement, moves, replacements
from checks.changes.stateful import STATEFUL
from checks.changes.wording import change, clipped, clipped_change, finding_lines, lines, names, shortened
from checks.templates import Place, Template

_SHOWN = 3
_STATEMENT = 400


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that changes between two sets of templates."""

    stacks: Mapping[str, str]
    comparisons: Mapping[str, Comparison]
    findings: list[Finding]
    replaced: Mapping[Place, list[Replacement]]
    moved: Mapping[Place, Place]
    widenings: list[Widening]
    openings: list[Opening]
    new_stacks: tuple[str, ...]
    gone_stacks: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether nothing changes."""
        return not self.findings and all(comparison.same for comparison in self.comparisons.values())


def report(old: Mapping[str, Template], new: Mapping[str, Template], *, with_code: bool = True) -> Report:
    """Compares the templates of an environment, by stack name; neither may be empty. New code counts `with_code`."""
    # Only the resources show it: whoever may read the code, for one, may do no more because it is another.
    before, after = comparable(old), comparable(new)
    moved = moves(before, after)
    stacks = list(dict.fromkeys([*new, *old]))  # in the order in which they depend on each other
    coded = comparable(old, with_code=with_code), comparable(new, with_code=with_code)
    replaced = replacements(before, after)
    return Report(
        stacks=names(stacks),
        comparisons={stack: compare(*coded, stack) for stack in stacks},
        findings=findings(before, after),
        replaced={
            place: reasons for place, reasons in replaced.items() if after.resource(place)["Type"] not in STATEFUL
        },
        moved=moved,
        widenings=widenings(before, after, moved),
        openings=openings(before, after, moved),
        new_stacks=tuple(stack for stack in stacks if stack not in old),
        gone_stacks=tuple(stack for stack in stacks if stack not in new),
    )


def rendered(report: Report) -> str:
    """The report as text: a summary, then each stack that changes."""
    if report.same:
        return "Nothing changes."
    parts = [_summary(report)]
    for stack, name in report.stacks.items():
        if section := _stack(report, stack):
            mark = " (new)" if stack in report.new_stacks else " (gone)" if stack in report.gone_stacks else ""
            parts.append("\n".join([f"== {name}{mark} ".ljust(60, "="), *section]))
    return "\n\n".join(parts)


def _summary(report: Report) -> str:
    everything = report.comparisons.values()
    dangers = (
        (len(report.findings), "on state and outputs"),
        (len(report.replaced), "replaced besides"),
        (len(report.widenings), "wider in permissions"),
        (len(report.openings), "opened in the network"),
    )
    resources = (
        (sum(len(one.added) for one in everything), "added"),
        (sum(len(one.removed) for one in everything), "removed"),
        (sum(len(one.changed) for one in everything), "changed"),
    )
    look, counted = (", ".join(f"{count} {what}" for count, what in counts if count) for counts in (dangers, resources))
    return f"Look at: {look or 'nothing in particular'}\nResources: {counted or 'none changes'}"


def _stack(report: Report, stack: str) -> list[str]:
    said: list[str] = []
    for title, body in (
        ("State, and outputs that others read", _state(report, stack)),
        ("Replaced", _replaced(report, stack)),
        ("Permissions widened", _permissions(report, stack)),
        ("Network opened", _network(report, stack)),
        ("Resources", _resources(report, stack)),
        ("Besides", _besides(report, stack)),
    ):
        if body:
            said += ["", title, *body] if said else [title, *body]
    return [shortened(line, report.stacks) for line in said]


def _state(report: Report, stack: str) -> list[str]:
    here = [finding for finding in report.findings if finding.place.stack == stack]
    return finding_lines(here, report.stacks, place=False)


def _replaced(report: Report, stack: str) -> list[str]:
    said = []
    followers: Counter[str] = Counter()
    for place, reasons in report.replaced.items():
        own = [reason for reason in reasons if not reason.because]
        if place.stack == stack and own:
            maybe = "" if any(reason.certain for reason in reasons) else "perhaps: "
            said += lines(f"{maybe}{place.id}  {reasons[0].type}", indent=2)
            for reason in own:
                said += lines(clipped_change(shortened(described(reason), report.stacks)), indent=6, hang=4)
        elif place.stack == stack:
            followers[reasons[0].type] += 1
    if followers:
        counted = ", ".join(f"{count} {type_}" for type_, count in sorted(followers.items()))
        said += lines(f"because they refer to what is replaced: {counted}", indent=2, hang=4)
    return said


def _permissions(report: Report, stack: str) -> list[str]:
    said = []
    by_holder: dict[tuple[Place, str], list[Widening]] = defaultdict(list)
    for widening in report.widenings:
        if widening.holder.place.stack == stack:
            by_holder[widening.holder.place, widening.title].append(widening)
    for (place, title), all_ in by_holder.items():
        new = place in report.comparisons[stack].added and place not in report.moved.values()
        said += lines(f"{place.id}{' (new)' if new else ''} {title}", indent=2)
        for widening in all_:
            statement = clipped(shortened(widening.statement, report.stacks), _STATEMENT)
            said += lines(statement, label=f"{widening.what:9}", indent=6, hang=9)
            for detail in widening.details:
                said += lines(clipped(shortened(detail, report.stacks)), indent=15, hang=2)
    return said


def _network(report: Report, stack: str) -> list[str]:
    """Subnets, or groups, to which the same happens stand together."""
    by_place: dict[Place, list[str]] = defaultdict(list)
    for opening in report.openings:
        if opening.place.stack == stack:
            by_place[opening.place].append(opening.what)
    by_what: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for place, ways in by_place.items():
        by_what[tuple(ways)].append(place.id)
    said = []
    for all_, ids in by_what.items():
        said += lines(", ".join(ids), indent=2)
        for what in all_:
            said += lines(shortened(what, report.stacks), indent=6, hang=4)
    return said


def _resources(report: Report, stack: str) -> list[str]:
    comparison = report.comparisons[stack]
    heirs = {heir: place for place, heir in report.moved.items()}
    said = []
    for place, resource in comparison.added.items():
        origin = f"  (was {heirs[place].id if heirs[place].stack == stack else heirs[place]})" if place in heirs else ""
        said += lines(f"{place.id}  {resource['Type']}{origin}", label="+ ", indent=2)
    for place, resource in comparison.removed.items():
        if place not in report.moved or report.moved[place].stack != stack:
            heir = f"  (now {report.moved[place]})" if place in report.moved else ""
            said += lines(f"{place.id}  {resource['Type']}{heir}", label="- ", indent=2)
    alike: dict[tuple[str, tuple[Difference, ...]], list[Place]] = defaultdict(list)
    for place, changed in comparison.changed.items():
        alike[changed.type, changed.differences].append(place)
    for (type_, differences), places in alike.items():
        first = ", ".join(place.id for place in places[:_SHOWN])
        more = f", and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        said += lines(f"{first}{more}  {type_}", label="~ ", indent=2)
        for one in differences:
            old, new = shortened(one.old, report.stacks), shortened(one.new, report.stacks)
            if one.path.endswith("[]"):  # an item of a list came or went
                text = f"+ {clipped(new)}" if one.old == NOT_SET else f"- {clipped(old)}"
            else:
                text = change(old, new)
            said += lines(f"{one.path}: {text}", indent=6, hang=4)
    return said


def _besides(report: Report, stack: str) -> list[str]:
    return [
        line
        for one in report.comparisons[stack].besides
        for line in lines(
            f"{one.path}: {change(shortened(one.old, report.stacks), shortened(one.new, report.stacks))}",
            indent=2,
            hang=4,
        )
    ]
