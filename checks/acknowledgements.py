"""Writes docs/acknowledgements.md from validation reports: the findings of rule packs that the architecture accepts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.common.acknowledgement import WOULD_CHANGE

Report = Mapping[str, Any]
HEAD = ("Constructs", "Rules", "Findings", "Where", "Why", "Would change")


@dataclass(frozen=True, order=True, kw_only=True)
class Entry:
    """One construct, one cause: `place` is the construct's path below its environment."""

    place: str
    reason: str
    would_change: str


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """What an entry silences in one environment."""

    findings: tuple[str, ...]  # "<pack>::<rule>", each as one record of the report
    resources: int


def ledger(report: Report) -> dict[Entry, Accepted]:
    """The entries of one environment's report."""
    records: dict[Entry, list[Mapping[str, Any]]] = {}
    for plugin in report["pluginReports"]:
        for record in plugin["suppressedViolations"]:
            reason, _, would_change = record["reason"].partition(WOULD_CHANGE)
            place = record["acknowledgedAt"].partition("/")[2]
            records.setdefault(Entry(place=place, reason=reason, would_change=would_change), []).append(record)
    return {
        entry: Accepted(
            findings=tuple(sorted(record["acknowledgedId"] for record in found)),
            resources=sum(len(record["violatingConstructs"]) for record in found),
        )
        for entry, found in sorted(records.items())
    }


def markdown(reports: Mapping[str, Report]) -> str:
    """The page: what each environment accepts in all, then every entry with the environments that have it."""
    ledgers = {name: ledger(report) for name, report in reports.items()}
    rows: dict[tuple[str, ...], list[str]] = {}
    for entry in sorted({entry for found in ledgers.values() for entry in found}):
        rows.setdefault(_row(entry, ledgers), []).append(f"`{entry.place}`")
    return (
        "\n\n".join(
            [
                "# Acknowledgements",
                "What the rule packs of cdk-nag find and the architecture wants all the same. Made from the validation "
                "reports by `make snapshots`; a test fails when it is out of date. An entry is one construct and one "
                "cause; a finding is one rule of one pack there, which may meet several resources below the construct: "
                "one rule minds each network ACL and each of its entries, which makes 29 of them in prod. "
                "*Public prod* is prod with `web.exposure = Public(...)`.",
                _table(
                    ("", "Entries", "Findings", "Resources that they meet"), [_sums(*each) for each in ledgers.items()]
                ),
                _table(HEAD, [("<br>".join(places), *row) for row, places in rows.items()]),
            ]
        )
        + "\n"
    )


def _sums(name: str, found: Mapping[Entry, Accepted]) -> tuple[str, ...]:
    accepted = found.values()
    findings, resources = (sum(len(each.findings) for each in accepted), sum(each.resources for each in accepted))
    return (name, str(len(found)), str(findings), str(resources))


def _row(entry: Entry, ledgers: Mapping[str, Mapping[Entry, Accepted]]) -> tuple[str, ...]:
    """All of a row but the construct: several functions may accept the same for the same cause."""
    having = {name: found[entry] for name, found in ledgers.items() if entry in found}
    most = max(having.values(), key=lambda accepted: len(accepted.findings))
    where = "everywhere" if len(having) == len(ledgers) else ", ".join(having)
    return (_rules(most), str(len(most.findings)), where, entry.reason, entry.would_change)


def _rules(accepted: Accepted) -> str:
    """Each rule once, with the packs that have it."""
    packs: dict[str, list[str]] = {}
    for finding in accepted.findings:
        pack, _, rule = finding.partition("::")
        packs.setdefault(rule.removeprefix(f"{pack}-"), []).append(pack)
    return "<br>".join(f"`{rule}` ({', '.join(sorted(having))})" for rule, having in packs.items())


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
