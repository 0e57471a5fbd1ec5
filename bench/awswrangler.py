"""awswrangler's `to_sql`, in a virtual environment of its own: 290 MB that nothing else here needs."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from bench import dataset_files
from bench.dataset_files import orders
from bench.figures import Figure
from bench.kept import kept
from bench.lab import lab, program
from local_cloud.state import CHECKOUT
from local_cloud.toolchain import make_venv

ROWS = 50_000
ROUNDS = 3
REQUIREMENTS = CHECKOUT / "bench" / "requirements.txt"


def measure() -> list[Figure]:
    """Rows per second relative to COPY, with the default chunk size and with 1,000 rows."""
    to_sql = program("to_sql", _environment() / "bin" / "python")
    file = dataset_files.csv(orders(), ROWS)
    with lab() as servers:
        return servers.relative_to_copy(
            file,
            {
                "to_sql, as it comes": partial(servers.load_by, [*to_sql, "200"], file),
                "to_sql, chunksize 1000": partial(servers.load_by, [*to_sql, "1000"], file),
            },
            ROUNDS,
        )


def _environment() -> Path:
    def install(folder: Path) -> None:
        print("installing awswrangler", flush=True)
        make_venv(folder, REQUIREMENTS)

    return kept("awswrangler", REQUIREMENTS.read_bytes() + sys.version.encode(), install)
