"""The rows of one trial: counted, hashed, and deleted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

# All columns of one trial's rows, except those that depend on the time or the order of writing, and except the
# sequencer: only the events of S3 have it, so a file whose event was lost has none.
_TABLES: dict[str, LiteralString] = {
    "files": """
        SELECT key, version_id, uploaded_at, size_bytes, status, reason, rows_loaded, rows_rejected
        FROM files WHERE starts_with(key, %(folder)s)
    """,
    "orders": """
        SELECT order_id, customer_email, sku, quantity, unit_price, currency, ordered_at, orders.notes,
               files.key, files.version_id
        FROM orders LEFT JOIN files USING (file_id) WHERE starts_with(order_id, %(name)s)
    """,
    "rejected_rows": """
        SELECT files.key, files.version_id, line_number, raw, reasons
        FROM rejected_rows JOIN files USING (file_id) WHERE starts_with(files.key, %(folder)s)
    """,
}
# The hash is the same for every order of the rows.
_COUNT_AND_HASH: LiteralString = """
    SELECT count(*), md5(coalesce(string_agg(md5(kept::text), '' ORDER BY md5(kept::text)), '')) FROM ({}) AS kept
"""
_FORGET: tuple[LiteralString, ...] = (
    "DELETE FROM orders WHERE starts_with(order_id, %(name)s)",
    "DELETE FROM rejected_rows USING files"
    " WHERE files.file_id = rejected_rows.file_id AND starts_with(key, %(folder)s)",
    "DELETE FROM files WHERE starts_with(key, %(folder)s)",
)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of one trial: those with keys in `folder` and with order ids that start with `name`."""

    folder: str
    name: str

    def fingerprints(self, database_url: str) -> dict[str, tuple[int, str]]:
        """The number of rows in each table, and a hash of them."""
        with psycopg.connect(database_url) as connection:
            return {
                table: connection.execute(sql.SQL(_COUNT_AND_HASH).format(sql.SQL(rows)), asdict(self)).fetchall()[0]
                for table, rows in _TABLES.items()
            }

    def delete(self, database_url: str) -> None:
        """Deletes them."""
        with psycopg.connect(database_url) as connection:
            for statement in _FORGET:
                connection.execute(statement, asdict(self))
