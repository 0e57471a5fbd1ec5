"""How the usual samples would load the same rows, which they don't even validate."""

from __future__ import annotations

from functools import partial

from bench import order_files
from bench.figures import Figure, ratio
from bench.lab import lab, program
from bench.rounds import alternate

ROWS = 50_000
ROUNDS = 3
COPY = "COPY"


def measure() -> list[Figure]:
    """Rows a second as shares of COPY's."""
    file = order_files.csv(ROWS)
    with lab() as servers:
        runs = alternate(
            {
                COPY: partial(servers.copy, file),
                "the ingestion function": partial(servers.load, file),
                "csv.DictReader and executemany": partial(servers.load_by, program("executemany"), file),
            },
            ROUNDS,
        )
    copies = [run.rows_a_second for run in runs.pop(COPY)]
    return [
        Figure(name=f"{name} / COPY", values=ratio([run.rows_a_second for run in ours], copies))
        for name, ours in runs.items()
    ]
