"""Measures how fast common sample code loads the rows that the ingestion function loads.

The sample code does not validate rows; the ingestion function does.
"""

from __future__ import annotations

from functools import partial

from bench import dataset_files
from bench.dataset_files import orders
from bench.figures import Figure
from bench.lab import lab, program

ROWS = 50_000
ROUNDS = 3


def measure() -> list[Figure]:
    """Return rows per second relative to COPY."""
    file = dataset_files.csv(orders(), ROWS)
    with lab() as servers:
        return servers.relative_to_copy(
            file,
            {
                "the ingestion function": partial(servers.load, file),
                "csv.DictReader and executemany": partial(servers.load_by, program("executemany"), file),
            },
            ROUNDS,
        )
