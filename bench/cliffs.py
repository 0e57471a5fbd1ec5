"""Kinds of files that the fast path could read slowly, for every dataset, compared with a raw COPY of the rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bench import dataset_files
from bench.dataset_files import DatasetFile
from bench.figures import AtLeast, AtMost, Figure, ratio
from bench.lab import Lab, Run, lab
from bench.rounds import alternate
from config.datasets import datasets
from tabular.declaration import Dataset

ROWS = 200_000
ROUNDS = 3
COPY = "COPY"
CLEAN = "a clean file"
ALL_KNOWN = "all of its keys are known"
PEAK_MB = AtMost(target=75, goal=70)

_KINDS: dict[str, Callable[[Dataset, int], DatasetFile]] = {
    CLEAN: dataset_files.csv,
    "quoted values, with quotes in texts": dataset_files.quoted,
    "lines that end in CRLF": dataset_files.with_crlf,
    "an extra column": dataset_files.with_extra_column,
    "a blank before each key": dataset_files.with_blanks,
    "1 % bad rows": dataset_files.with_bad_rows,
    "20 % bad rows": partial(dataset_files.with_bad_rows, every=5),
    "20 % rows with wrong values only": dataset_files.with_wrong_values,
    "JSON Lines": dataset_files.json_lines,
}
_GOALS = {CLEAN: AtLeast(target=0.6, goal=0.9), ALL_KNOWN: AtLeast(target=0.2, goal=0.5)}


def measure() -> list[Figure]:
    """For each dataset and kind: rows per second relative to COPY, the client's CPU, and its largest memory."""
    with lab() as servers:
        return [figure for dataset in datasets().values() for figure in _measure(servers, dataset)]


def _measure(servers: Lab, dataset: Dataset) -> list[Figure]:
    clean = dataset_files.csv(dataset, ROWS)
    few = dataset_files.every_twentieth(dataset, ROWS)
    contenders: dict[str, Callable[[], Run]] = {
        COPY: partial(servers.copy, dataset_files.reference(dataset, ROWS)),
        **{name: partial(servers.load, make(dataset, ROWS)) for name, make in _KINDS.items()},
        "5 % of its keys are known": partial(_load_over, servers, few, clean),
        ALL_KNOWN: partial(_load_over, servers, clean, clean),
    }
    runs = alternate(contenders, ROUNDS)
    copies = [run.rows_per_second for run in runs.pop(COPY)]
    return [
        *(
            Figure(
                name=f"{dataset.name}, {name} / COPY",
                values=ratio([run.rows_per_second for run in found], copies),
                limit=_GOALS.get(name),
            )
            for name, found in runs.items()
        ),
        *(
            Figure(
                name=f"{dataset.name}, {name}: client's CPU for a million rows",
                values=[run.result.cpu_seconds * 1_000_000 / run.rows for run in found],
                unit="s",
            )
            for name, found in runs.items()
        ),
        Figure(
            name=f"{dataset.name}, largest memory of all kinds",
            values=[max(run.result.peak_mb for found in runs.values() for run in found)],
            unit="MB",
            limit=PEAK_MB,
        ),
    ]


def _load_over(servers: Lab, first: DatasetFile, then: DatasetFile) -> Run:
    servers.load(first)
    return servers.load_again(then)
