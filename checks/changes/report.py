"""The report of what a deployment of the new templates changes, stack by stack."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from checks.changes.comparable import comparable
from checks.changes.comparison import NOT_SET, Comparison, Difference, compare
from checks.changes.exposure import Opening, openings
from checks.changes.formatting import change, clipped, clipped_change, finding_lines, lines, names, shortened
from checks.changes.guard import Finding, description, findings
from checks.changes.permissions import Widening, widenings
from checks.changes.replacements import Replacement, moves, replacements
from checks.changes.stateful import STATEFUL
from checks.templates import ResourceId, Template

_SHOWN = 3
_STATEMENT = 400


@dataclass(frozen=True, kw_only=True)
class Report:
    """All changes between two sets of templates."""

    stacks: Mapping[str, str]
    comparisons: Mapping[str, Comparison]
    findings: list[Finding]
    replaced: Mapping[ResourceId, list[Replacement]]
    moved: Mapping[ResourceId, ResourceId]
    widenings: list[Widening]
    openings: list[Opening]
    new_stacks: tuple[str, ...]
    removed_stacks: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether nothing changes."""
        return not self.findings and all(comparison.same for comparison in self.comparisons.values())


def report(old: Mapping[str, Template], new: Mapping[str, Template], *, with_code: bool = True) -> Report:
    """Compares two sets of templates, by stack name; neither may be empty. Changed code counts `with_code`."""
    # The code's hash counts in the list of resources only: permission to read an asset is no wider for another hash.
    before, after = comparable(old), comparable(new)
    moved = moves(before, after)
    stacks = list(dict.fromkeys([*new, *old]))  # in the order of the templates, dependencies first
    with_hashes = comparable(old, with_code=with_code), comparable(new, with_code=with_code)
    replaced = replacements(before, after)
    return Report(
        stacks=names(stacks),
        comparisons={stack: compare(*with_hashes, stack) for stack in stacks},
        findings=findings(before, after),
        replaced={id_: reasons for id_, reasons in replaced.items() if after.resource(id_)["Type"] not in STATEFUL},
        moved=moved,
        widenings=widenings(before, after, moved),
        openings=openings(before, after, moved),
        new_stacks=tuple(stack for stack in stacks if stack not in old),
        removed_stacks=tuple(stack for stack in stacks if stack not in new),
    )


def rendered(report: Report) -> str:
    """The report as text: a summary, then each stack that changes."""
    if report.same:
        return "Nothing changes."
    parts = [_summary(report)]
    for stack, name in report.stacks.items():
        if section := _stack(report, stack):
            mark = " (new)" if stack in report.new_stacks else " (removed)" if stack in report.removed_stacks else ""
            parts.append("\n".join([f"== {name}{mark} ".ljust(60, "="), *section]))
    return "\n\n".join(parts)


def _summary(report: Report) -> str:
    everything = report.comparisons.values()
    risks = (
        (len(report.findings), "on stateful resources and outputs"),
        (len(report.replaced), "on other replaced resources"),
        (len(report.widenings), "on wider permissions"),
        (len(report.openings), "on new network access"),
    )
    resources = (
        (sum(len(one.added) for one in everything), "added"),
        (sum(len(one.removed) for one in everything), "removed"),
        (sum(len(one.changed) for one in everything), "changed"),
    )
    found, counted = (", ".join(f"{count} {what}" for count, what in counts if count) for counts in (risks, resources))
    return f"Findings: {found or 'none'}\nResources: {counted or 'no changes'}"


def _stack(report: Report, stack: str) -> list[str]:
    found: list[str] = []
    for title, body in (
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
    alike: dict[tuple[str, tuple[Difference, ...]], list[ResourceId]] = defaultdict(list)
    for id_, changed in comparison.changed.items():
        alike[changed.type, changed.differences].append(id_)
    for (type_, differences), ids in alike.items():
        first = ", ".join(id_.logical_id for id_ in ids[:_SHOWN])
        more = f", and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
        found += lines(f"{first}{more}  {type_}", label="~ ", indent=2)
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
