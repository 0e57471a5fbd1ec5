"""awswrangler's `to_sql`, in an environment of its own: 290 MB that nothing else here needs."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from functools import partial
from pathlib import Path

from bench import order_files
from bench.figures import Figure, ratio
from bench.lab import lab, program
from bench.order_files import FOLDER
from bench.rounds import alternate

ROWS = 50_000
ROUNDS = 3
REQUIREMENTS = Path("bench/requirements.txt")
COPY = "COPY"


def measure() -> list[Figure]:
    """Rows a second as shares of COPY's."""
    to_sql = program("to_sql", _environment() / "bin" / "python")
    file = order_files.csv(ROWS)
    with lab() as servers:
        runs = alternate(
            {
                COPY: partial(servers.copy, file),
                "to_sql, as it comes": partial(servers.load_by, [*to_sql, "200"], file),
                "to_sql, chunksize 1000": partial(servers.load_by, [*to_sql, "1000"], file),
            },
            ROUNDS,
        )
    copies = [run.rows_a_second for run in runs.pop(COPY)]
    return [
        Figure(name=f"{name} / COPY", values=ratio([run.rows_a_second for run in ours], copies))
        for name, ours in runs.items()
    ]


def _environment() -> Path:
    made_from = REQUIREMENTS.read_bytes() + sys.version.encode()
    folder = FOLDER.resolve() / f"awswrangler-{hashlib.sha256(made_from).hexdigest()[:12]}"
    if not folder.exists():
        for former in FOLDER.glob("awswrangler-*"):
            shutil.rmtree(former)
        draft = folder.with_name("awswrangler-draft")
        print("installing awswrangler", flush=True)
        venv.create(draft, symlinks=True)
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "--python", draft / "bin" / "python", "install"),
                *("--quiet", "--disable-pip-version-check"),
                *("--require-hashes", "--only-binary=:all:", "--requirement", REQUIREMENTS),
            ],
            check=True,
        )
        draft.rename(folder)
    return folder
