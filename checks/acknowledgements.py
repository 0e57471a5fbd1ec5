"""Writes the findings of rule packs that an app accepts as a Markdown page, from its validation reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Report = Mapping[str, Any]
HEAD = ("Constructs", "Rules", "Findings", "Where", "Why", "Would change")


@dataclass(frozen=True, order=True, kw_only=True)
class Entry:
    """One construct and one reason. `path` is the construct's path below its environment."""

    path: str
    reason: str
    would_change: str


@dataclass(frozen=True, kw_only=True)
class AcceptedFindings:
    """The findings that an entry accepts in one environment."""

    findings: tuple[str, ...]  # "<pack>::<rule>", one for each record of the report
    resources: int


def ledger(report: Report, *, separator: str) -> dict[Entry, AcceptedFindings]:
    """The entries of one environment's report. In its reasons, `separator` divides why from what would change it."""
    records: dict[Entry, list[Mapping[str, Any]]] = {}
    for plugin in report["pluginReports"]:
        for record in plugin["suppressedViolations"]:
            reason, _, would_change = record["reason"].partition(separator)
            path = record["acknowledgedAt"].partition("/")[2]  # without the environment's construct
            records.setdefault(Entry(path=path, reason=reason, would_change=would_change), []).append(record)
    return {
        entry: AcceptedFindings(
            findings=tuple(sorted(record["acknowledgedId"] for record in found)),
            resources=sum(len(record["violatingConstructs"]) for record in found),
        )
        for entry, found in sorted(records.items())
    }


def markdown(reports: Mapping[str, Report], *, separator: str, introduction: str) -> str:
    """The page: the introduction, totals for each environment, then each entry with its environments."""
    ledgers = {name: ledger(report, separator=separator) for name, report in reports.items()}
    rows: dict[tuple[str, ...], list[str]] = {}
    for entry in sorted({entry for found in ledgers.values() for entry in found}):
        rows.setdefault(_row(entry, ledgers), []).append(f"`{entry.path}`")
    totals = _table(("", "Entries", "Findings", "Affected resources"), [_totals(*each) for each in ledgers.items()])
    entries = _table(HEAD, [("<br>".join(paths), *row) for row, paths in rows.items()])
    return "\n\n".join([introduction.strip(), totals, entries]) + "\n"


def _totals(name: str, found: Mapping[Entry, AcceptedFindings]) -> tuple[str, ...]:
    accepted = found.values()
    findings, resources = (sum(len(each.findings) for each in accepted), sum(each.resources for each in accepted))
    return (name, str(len(found)), str(findings), str(resources))


def _row(entry: Entry, ledgers: Mapping[str, Mapping[Entry, AcceptedFindings]]) -> tuple[str, ...]:
    """The row without the construct, because several constructs may have equal rows."""
    accepting = {name: found[entry] for name, found in ledgers.items() if entry in found}
    most = max(accepting.values(), key=lambda accepted: len(accepted.findings))
    where = "everywhere" if len(accepting) == len(ledgers) else ", ".join(accepting)
    return (_rules(most), str(len(most.findings)), where, entry.reason, entry.would_change)


def _rules(accepted: AcceptedFindings) -> str:
    """Each rule once, with the packs that have it."""
    packs: dict[str, list[str]] = {}
    for finding in accepted.findings:
        pack, _, rule = finding.partition("::")
        packs.setdefault(rule.removeprefix(f"{pack}-"), []).append(pack)
    return "<br>".join(f"`{rule}` ({', '.join(sorted(own))})" for rule, own in packs.items())


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
