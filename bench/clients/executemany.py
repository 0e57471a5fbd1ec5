"""The usual sample: csv.DictReader, a dictionary for each row, and psycopg's executemany."""

from __future__ import annotations

import csv
from pathlib import Path

from bench.clients.connection import connection_for
from bench.clients.job import Job, Timer

INSERT = """
    INSERT INTO reference_orders (order_id, customer_email, sku, quantity, unit_price, currency, ordered_at, notes)
    VALUES (%(order_id)s, %(customer_email)s, %(sku)s, %(quantity)s, %(unit_price)s, %(currency)s, %(ordered_at)s,
            %(notes)s)
"""


def main() -> None:
    """Load one file."""
    job = Job.from_command_line()
    timer = Timer()
    with (
        timer.running(),
        connection_for(job) as connection,
        Path(str(job.path)).open(newline="", encoding="utf-8") as file,
    ):
        connection.cursor().executemany(INSERT, csv.DictReader(file))
    timer.report("loaded")


if __name__ == "__main__":
    main()
