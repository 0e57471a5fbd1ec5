"""Compares the ingestion function, which validates a million orders, with a raw COPY of the same rows, in each round.

COPY reads the same bytes, in pieces of the same size, from the same place, over the same kind of connection. Only the
constraints of the table check its rows.
The rows of a compressed or JSON file are compared with a COPY of them as CSV, the fastest way to load them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bench import dataset_files
from bench.dataset_files import DatasetFile, orders
from bench.figures import AtLeast, AtMost, Figure, ratio
from bench.lab import Lab, Link, Run, Source, lab
from bench.rounds import alternate
from tabular.declaration import Dataset

ROWS = 1_000_000
FEW_ROWS = 1_000  # enough to see whether the function accepts a kind of file
ROUNDS = 5
CSV = AtLeast(target=0.60, goal=0.90)
JSON = AtLeast(target=0.55, goal=0.75)
CPU = AtMost(target=2.0, goal=0.9)

_CASES: dict[str, tuple[Callable[[Dataset, int], DatasetFile], Source, Link, AtLeast | None]] = {
    "CSV from S3": (dataset_files.csv, Source.S3, Link.PLAIN, CSV),
    "CSV from disk": (dataset_files.csv, Source.DISK, Link.PLAIN, None),
    "CSV from S3, over TLS": (dataset_files.csv, Source.S3, Link.TLS, None),
    "JSON Lines from S3": (dataset_files.json_lines, Source.S3, Link.PLAIN, JSON),
    "JSON Lines from disk": (dataset_files.json_lines, Source.DISK, Link.PLAIN, None),
    "gzip CSV from S3": (dataset_files.gzipped, Source.S3, Link.PLAIN, None),
}


def measure() -> list[Figure]:
    """Rows per second relative to COPY, and the CPU seconds of a client for a million rows."""
    with lab() as servers:
        refused = _refused(servers)
        reference = dataset_files.reference(orders(), ROWS)
        contenders: dict[str, Callable[[], Run]] = {}
        for name, (make, source, link, _) in _CASES.items():
            if name not in refused:
                # A COPY next to each case, because the load of the machine changes from minute to minute.
                contenders[_copy_next_to(name)] = partial(servers.copy, reference, source, link)
                contenders[name] = partial(servers.load, make(orders(), ROWS), source, link)
        runs = alternate(contenders, ROUNDS)
    return [
        Figure(name="COPY itself, CSV from S3", values=_rates(runs[_copy_next_to("CSV from S3")]), unit="rows/s"),
        *(_share(name, runs, refused) for name in _CASES),
        *(
            Figure(
                name=f"client's CPU for a million rows, {name}",
                values=[run.result.cpu_seconds * 1_000_000 / run.rows for run in runs.get(name, [])],
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
    """The cases that can't be measured because the ingestion function refuses such files, each with its reason."""
    reasons = {name: servers.refusal(make(orders(), FEW_ROWS)) for name, (make, *_) in _CASES.items()}
    return {name: f"refused: {reason}" for name, reason in reasons.items() if reason}


def _copy_next_to(name: str) -> str:
    return f"COPY next to {name}"


def _share(name: str, runs: dict[str, list[Run]], refused: dict[str, str]) -> Figure:
    limit = _CASES[name][-1]
    if name in refused:
        return Figure(name=f"{name} / COPY", values=[], limit=limit, note=refused[name])
    ours, copies = _rates(runs[name]), _rates(runs[_copy_next_to(name)])
    return Figure(name=f"{name} / COPY", values=ratio(ours, copies), limit=limit)


def _rates(runs: list[Run]) -> list[float]:
    return [run.rows_per_second for run in runs]
