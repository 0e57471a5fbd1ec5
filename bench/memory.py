"""Measures the largest resident set of the ingestion function's process, its clients included, by file size."""

from __future__ import annotations

from bench import dataset_files
from bench.dataset_files import orders
from bench.figures import AtMost, Figure
from bench.lab import lab

ROWS = (10_000, 1_000_000, 5_000_000)
PEAK = AtMost(target=75, goal=75)


def measure() -> list[Figure]:
    """One load for each size: other programs on the machine don't change this figure."""
    with lab() as servers:
        return [
            Figure(
                name=f"peak memory, {rows:,} rows",
                values=[servers.load(dataset_files.csv(orders(), rows)).result.peak_mb],
                unit="MB",
                limit=PEAK,
            )
            for rows in ROWS
        ]
