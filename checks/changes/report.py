"""The report of what a deployment of the new templates changes, stack by stack."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from checks.changes.comparable import comparable
from checks.changes.comparison import NOT_SET, Comparison, Difference, compare
from checks.changes.deployment import Effect, UpdateOutcome
from checks.changes.effects import effects, worst
from checks.changes.exposure import Opening, openings
from checks.changes.formatting import change, clipped, clipped_change, finding_lines, lines, names, shortened
from checks.changes.guard import Finding, findings
from checks.changes.permissions import Widening, widenings
from checks.changes.replacements import Replacement, moves, replacements
from checks.changes.stateful import STATEFUL
from checks.changes.updates import description
from checks.templates import ResourceId, Template, Templates

_SHOWN = 3
_STATEMENT = 400


@dataclass(frozen=True, kw_only=True)
class Report:
    """All changes between two sets of templates."""

    before: Templates
    after: Templates
    stacks: Mapping[str, str]
    comparisons: Mapping[str, Comparison]
    findings: list[Finding]
    replacements: Mapping[ResourceId, list[Replacement]]
    replaced: Mapping[ResourceId, list[Replacement]]  # without stateful resources, which have findings
    moved: Mapping[ResourceId, ResourceId]
    widenings: list[Widening]
    openings: list[Opening]
    effects: Mapping[ResourceId, tuple[Effect, ...]]
    new_stacks: tuple[str, ...]
    removed_stacks: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether nothing changes."""
        return not self.findings and all(comparison.same for comparison in self.comparisons.values())

    def type_of(self, id_: ResourceId) -> str:
        """The type of a resource, by the new templates if they contain it."""
        return str((self.after.resource(id_) or self.before.resource(id_)).get("Type", "the whole stack"))

    def outcome(self, id_: ResourceId) -> UpdateOutcome:
        """What happens to a changed resource."""
        return worst(self.effects.get(id_, ()))

    def of_outcome(self, outcome: UpdateOutcome) -> list[ResourceId]:
        """The resources to which this happens, whether their own text changes or that to which they refer."""
        changed = (id_ for comparison in self.comparisons.values() for id_ in comparison.changed)
        return [id_ for id_ in dict.fromkeys([*self.effects, *changed]) if self.outcome(id_) is outcome]


def report(old: Mapping[str, Template], new: Mapping[str, Template], *, with_code: bool = True) -> Report:
    """Compares two sets of templates, by stack name; neither may be empty. Changed code counts `with_code`."""
    # The code's hash counts in the list of resources only: permission to read an asset is no wider for another hash.
    before, after = comparable(old), comparable(new)
    moved = moves(before, after)
    stacks = list(dict.fromkeys([*new, *old]))  # in the order of the templates, dependencies first
    with_hashes = comparable(old, with_code=with_code), comparable(new, with_code=with_code)
    replaced = replacements(before, after)
    return Report(
        before=before,
        after=after,
        stacks=names(stacks),
        comparisons={stack: compare(*with_hashes, stack) for stack in stacks},
        findings=findings(before, after),
        replacements=replaced,
        replaced={id_: reasons for id_, reasons in replaced.items() if after.resource(id_)["Type"] not in STATEFUL},
        moved=moved,
        widenings=widenings(before, after, moved),
        openings=openings(before, after, moved),
        effects=effects(before, after),
        new_stacks=tuple(stack for stack in stacks if stack not in old),
        removed_stacks=tuple(stack for stack in stacks if stack not in new),
    )


def rendered(report: Report) -> str:
    """The report as text: a summary, then each stack that changes."""
    if report.same:
        return "Nothing changes."
    parts = [_summary(report)]
    sections = {stack: section for stack in report.stacks if (section := _stack(report, stack))}
    steps = {stack: f"{number}. " for number, stack in enumerate(sections, start=1)}
    for stack, section in sections.items():
        mark = " (new)" if stack in report.new_stacks else ""
        title = f"{steps[stack]}{report.stacks[stack]}{mark}"
        if stack in report.removed_stacks:
            title = f"{report.stacks[stack]} (removed: it stays deployed until you delete it)"
        parts.append("\n".join([f"== {title} ".ljust(60, "="), *section]))
    return "\n\n".join(parts)


def _summary(report: Report) -> str:
    everything = report.comparisons.values()
    risks = (
        (len(report.findings), "on stateful resources and outputs"),
        (len(report.widenings), "on wider permissions"),
        (len(report.openings), "on new network access"),
    )
    resources = (
        (sum(len(one.added) for one in everything), "added"),
        (sum(len(one.removed) for one in everything), "removed"),
        (sum(len(one.changed) for one in everything), "changed"),
    )
    outcomes = [(len(report.of_outcome(outcome)), outcome.value) for outcome in reversed(UpdateOutcome)]
    planned, found, counted = (
        ", ".join(f"{count} {what}" for count, what in counts if count) for counts in (outcomes, risks, resources)
    )
    return "\n".join(
        (
            f"Plan: {planned or 'nothing is updated'}",
            f"Findings: {found or 'none'}",
            f"Resources: {counted or 'no changes'}",
        )
    )


def _stack(report: Report, stack: str) -> list[str]:
    found: list[str] = []
    for title, body in (
        ("Refused, or left behind", _effects(report, stack, UpdateOutcome.REFUSED)),
        ("Interruptions", _effects(report, stack, UpdateOutcome.INTERRUPTION)),
        ("Stateful resources, and outputs that other stacks read", _stateful(report, stack)),
        ("Replaced resources", _replaced(report, stack)),
        ("Wider permissions", _permissions(report, stack)),
        ("New network access", _network(report, stack)),
        ("Resources", _resources(report, stack)),
        ("Rest of the template", _rest(report, stack)),
    ):
        if body:
            found += ["", title, *body] if found else [title, *body]
    return [shortened(line, report.stacks) for line in found]


def _effects(report: Report, stack: str, outcome: UpdateOutcome) -> list[str]:
    """The effects with this outcome. Resources of one type with the same remedy are one paragraph."""
    alike: dict[tuple[str, str], dict[ResourceId, Effect]] = defaultdict(dict)
    for id_, effects_ in report.effects.items():
        for effect in effects_:
            if id_.stack == stack and effect.outcome is outcome:
                alike[report.type_of(id_), effect.text].setdefault(id_, effect)
    found = []
    for (type_, _), by_id in alike.items():
        first = next(iter(by_id.values()))
        found += lines(f"{_listed(by_id)}  {type_}", indent=2)
        found += lines(clipped(shortened(str(first), report.stacks), _STATEMENT), indent=6, hang=4)
        if first.remedy:
            found += lines(first.remedy, label="do: ", indent=6, hang=4)
        found += lines(first.source, label="source: ", indent=6, hang=4)
    return found


def _listed(ids: Collection[ResourceId]) -> str:
    first = ", ".join(id_.logical_id for id_ in [*ids][:_SHOWN])
    return f"{first}, and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else first


def _stateful(report: Report, stack: str) -> list[str]:
    here = [finding for finding in report.findings if finding.resource_id.stack == stack]
    return finding_lines(here, report.stacks, with_stack=False)


def _replaced(report: Report, stack: str) -> list[str]:
    found = []
    followers: Counter[str] = Counter()
    for id_, reasons in report.replaced.items():
        own = [reason for reason in reasons if not reason.because]
        if id_.stack == stack and own:
            maybe = "" if any(reason.certain for reason in reasons) else "possibly: "
            found += lines(f"{maybe}{id_.logical_id}  {reasons[0].type}", indent=2)
            for reason in own:
                found += lines(clipped_change(shortened(description(reason), report.stacks)), indent=6, hang=4)
        elif id_.stack == stack:
            followers[reasons[0].type] += 1
    if followers:
        counted = ", ".join(f"{count} {type_}" for type_, count in sorted(followers.items()))
        found += lines(f"because they refer to replaced resources: {counted}", indent=2, hang=4)
    return found


def _permissions(report: Report, stack: str) -> list[str]:
    found = []
    by_holder: dict[tuple[ResourceId, str], list[Widening]] = defaultdict(list)
    for widening in report.widenings:
        if widening.holder.resource_id.stack == stack:
            by_holder[widening.holder.resource_id, widening.title].append(widening)
    for (id_, title), all_ in by_holder.items():
        new = id_ in report.comparisons[stack].added and id_ not in report.moved.values()
        found += lines(f"{id_.logical_id}{' (new)' if new else ''} {title}", indent=2)
        for widening in all_:
            statement = clipped(shortened(widening.statement, report.stacks), _STATEMENT)
            found += lines(statement, label=f"{widening.what:9}", indent=6, hang=9)
            for detail in widening.details:
                found += lines(clipped(shortened(detail, report.stacks)), indent=15, hang=2)
    return found


def _network(report: Report, stack: str) -> list[str]:
    """Groups subnets, or security groups, with the same openings."""
    by_resource: dict[ResourceId, list[str]] = defaultdict(list)
    for opening in report.openings:
        if opening.resource_id.stack == stack:
            by_resource[opening.resource_id].append(opening.what)
    by_what: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for id_, ways in by_resource.items():
        by_what[tuple(ways)].append(id_.logical_id)
    found = []
    for all_, ids in by_what.items():
        found += lines(", ".join(ids), indent=2)
        for what in all_:
            found += lines(shortened(what, report.stacks), indent=6, hang=4)
    return found


def _resources(report: Report, stack: str) -> list[str]:
    comparison = report.comparisons[stack]
    origins = {successor: id_ for id_, successor in report.moved.items()}
    found = []
    for id_, resource in comparison.added.items():
        note = f"  (was {_short(origins[id_], stack)})" if id_ in origins else ""
        found += lines(f"{id_.logical_id}  {resource['Type']}{note}", label="+ ", indent=2)
    for id_, resource in comparison.removed.items():
        if id_ not in report.moved or report.moved[id_].stack != stack:
            note = f"  (now {report.moved[id_]})" if id_ in report.moved else ""
            found += lines(f"{id_.logical_id}  {resource['Type']}{note}", label="- ", indent=2)
    alike: dict[tuple[str, UpdateOutcome, tuple[Difference, ...]], list[ResourceId]] = defaultdict(list)
    for id_, changed in comparison.changed.items():
        alike[changed.type, report.outcome(id_), changed.differences].append(id_)
    for (type_, outcome, differences), ids in alike.items():
        found += lines(f"{_listed(ids)}  {type_}  ({outcome.value})", label="~ ", indent=2)
        notes = (effect for effect in report.effects.get(ids[0], ()) if effect.outcome is UpdateOutcome.IN_PLACE)
        for effect in notes:
            found += lines(str(effect), indent=6, hang=4)
        for one in differences:
            old, new = shortened(one.old, report.stacks), shortened(one.new, report.stacks)
            if one.path.endswith("[]"):  # an item was added to a list or removed from it
                text = f"+ {clipped(new)}" if one.old == NOT_SET else f"- {clipped(old)}"
            else:
                text = change(old, new)
            found += lines(f"{one.path}: {text}", indent=6, hang=4)
    return found


def _short(id_: ResourceId, stack: str) -> str:
    """The logical id, with its stack if that is another one."""
    return id_.logical_id if id_.stack == stack else str(id_)


def _rest(report: Report, stack: str) -> list[str]:
    return [
        line
        for one in report.comparisons[stack].rest
        for line in lines(
            f"{one.path}: {change(shortened(one.old, report.stacks), shortened(one.new, report.stacks))}",
            indent=2,
            hang=4,
        )
    ]
