"""The usual sample with awswrangler: `read_csv`, then `to_sql` so many rows at a time; 200 is its own default."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import awswrangler
import pandas
import pg8000

from bench.clients.job import Job, Watch


def main() -> None:
    """Do one job."""
    job = Job.told()
    watch = Watch()
    with watch.running():
        connection = pg8000.connect(
            host=os.environ["DATABASE_HOST"],
            port=int(os.environ["DATABASE_PORT"]),
            database=os.environ["DATABASE_NAME"],
            user=os.environ["DATABASE_USER"],
        )
        orders = pandas.read_csv(Path(str(job.path)))
        awswrangler.postgresql.to_sql(
            orders, connection, schema="public", table="reference", use_column_names=True, chunksize=int(sys.argv[1])
        )
    watch.report("loaded")


if __name__ == "__main__":
    main()
