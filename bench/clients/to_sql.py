"""The usual sample with awswrangler: `read_csv`, then `to_sql` in chunks of so many rows (200 by default)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import awswrangler
import pandas
import pg8000

from bench.clients.job import Job, Timer


def main() -> None:
    """Load one file."""
    job = Job.from_command_line()
    timer = Timer()
    with timer.running():
        connection = pg8000.connect(
            host=os.environ["DATABASE_HOST"],
            port=int(os.environ["DATABASE_PORT"]),
            database=os.environ["DATABASE_NAME"],
            user=os.environ["DATABASE_USER"],
        )
        orders = pandas.read_csv(Path(str(job.path)))
        awswrangler.postgresql.to_sql(
            orders,
            connection,
            schema="public",
            table="reference_orders",
            use_column_names=True,
            chunksize=int(sys.argv[1]),
        )
    timer.report("loaded")


if __name__ == "__main__":
    main()
