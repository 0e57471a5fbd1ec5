"""A million orders validated and loaded by ingestion, beside a raw COPY of the same rows in the same round.

COPY reads the same bytes, in pieces of the same size, from the same place, over the same kind of connection, and checks
nothing but what the table does.
The rows of a compressed or JSON file are compared with a COPY of them as CSV, which is the fastest that there is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bench import order_files
from bench.figures import AtLeast, AtMost, Figure, ratio
from bench.lab import Lab, Link, Run, Source, lab
from bench.order_files import OrderFile
from bench.rounds import alternate

ROWS = 1_000_000
A_FEW = 1_000  # enough to see whether a kind of file is taken at all
ROUNDS = 5
CSV = AtLeast(target=0.60, goal=0.90)
JSON = AtLeast(target=0.55, goal=0.75)
CPU = AtMost(target=2.0, goal=0.9)

_CASES: dict[str, tuple[Callable[[int], OrderFile], Source, Link, AtLeast | None]] = {
    "CSV from S3": (order_files.csv, Source.S3, Link.PLAIN, CSV),
    "CSV from disk": (order_files.csv, Source.DISK, Link.PLAIN, None),
    "CSV from S3, over TLS": (order_files.csv, Source.S3, Link.TLS, None),
    "JSON Lines from S3": (order_files.json_lines, Source.S3, Link.PLAIN, JSON),
    "JSON Lines from disk": (order_files.json_lines, Source.DISK, Link.PLAIN, None),
    "gzip CSV from S3": (order_files.gzipped, Source.S3, Link.PLAIN, None),
}


def measure() -> list[Figure]:
    """Rows a second as shares of COPY's, and the seconds of CPU that a client spends on a million rows."""
    with lab() as servers:
        refused = _refused(servers)
        contenders: dict[str, Callable[[], Run]] = {}
        for name, (make, source, link, _) in _CASES.items():
            if name not in refused:
                # A COPY for each case, right beside it: what else the machine does changes from minute to minute.
                contenders[_copy_beside(name)] = partial(servers.copy, order_files.csv(ROWS), source, link)
                contenders[name] = partial(servers.load, make(ROWS), source, link)
        runs = alternate(contenders, ROUNDS)
    return [
        Figure(name="COPY itself, CSV from S3", values=_rates(runs[_copy_beside("CSV from S3")]), unit="rows/s"),
        *(_share(name, runs, refused) for name in _CASES),
        *(
            Figure(
                name=f"client's CPU for a million rows, {name}",
                values=[run.done.cpu_seconds * 1_000_000 / run.rows for run in runs.get(name, [])],
                unit="s",
                limit=limit,
                note=refused.get(name, ""),
            )
            for name, limit in (("CSV from S3", CPU), ("JSON Lines from S3", None))
        ),
        Figure(
            name="... with its process's start, CSV from S3",
            values=[run.process_cpu_seconds * 1_000_000 / run.rows for run in runs["CSV from S3"]],
            unit="s",
        ),
    ]


def _refused(servers: Lab) -> dict[str, str]:
    """The cases that can't be measured, as the ingestion function takes no such files, and what it says to them."""
    said = {name: servers.refusal(make(A_FEW)) for name, (make, *_) in _CASES.items()}
    return {name: f"refused: {reason}" for name, reason in said.items() if reason}


def _copy_beside(name: str) -> str:
    return f"COPY beside {name}"


def _share(name: str, runs: dict[str, list[Run]], refused: dict[str, str]) -> Figure:
    limit = _CASES[name][-1]
    if name in refused:
        return Figure(name=f"{name} / COPY", values=[], limit=limit, note=refused[name])
    ours, copies = _rates(runs[name]), _rates(runs[_copy_beside(name)])
    return Figure(name=f"{name} / COPY", values=ratio(ours, copies), limit=limit)


def _rates(runs: list[Run]) -> list[float]:
    return [run.rows_a_second for run in runs]
