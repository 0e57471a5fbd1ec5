"""Loads a file's rows: streamed into a table of the session, then merged into the orders in two statements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

from psycopg import Connection

from .event import FileEvent
from .ledger import EARLIER, parameters
from .order_file import Reject

# Merges hold this lock together; one that met two deadlocks holds it alone.
MERGE_LOCK = 7_001_002
_COLUMNS: LiteralString = "order_id, customer_email, sku, quantity, unit_price, currency, ordered_at, notes"
_ROWS_A_WRITE = 500
_REJECTS_A_COPY = 200

_STAGING = f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS incoming_orders ON COMMIT DELETE ROWS AS
    SELECT 0::bigint AS line_number, {_COLUMNS} FROM orders WITH NO DATA
"""  # noqa: S608 - put together of constants alone
_COPY_ORDERS = f"COPY incoming_orders (line_number, {_COLUMNS}) FROM STDIN (FORMAT text, NULL '')"
_COPY_REJECTS = "COPY rejected_rows (file_id, line_number, raw, reasons) FROM STDIN"

_LATEST: LiteralString = f"""
    SELECT DISTINCT ON (order_id) {_COLUMNS} FROM incoming_orders ORDER BY order_id, line_number DESC
"""  # noqa: S608 - put together of constants alone
# Orders are taken in the order of their ids, so that two files with the same orders don't wait for each other. An order
# that is there already stays as it is, but locked: "WHERE false" is judged after the lock is taken.
_INSERT = f"""
    WITH latest AS MATERIALIZED ({_LATEST}),
    inserted AS (
        INSERT INTO orders ({_COLUMNS}, file_id)
        SELECT {_COLUMNS}, %(file_id)s FROM latest ORDER BY order_id
        ON CONFLICT (order_id) DO UPDATE SET file_id = orders.file_id WHERE false
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM latest), (SELECT count(*) FROM inserted)
"""  # noqa: S608 - put together of constants alone
# A second statement, because it sees more: an order that the first one had to wait for came from a file that was not
# in the ledger yet when the first one began.
_REPLACE = f"""
    UPDATE orders
    SET (customer_email, sku, quantity, unit_price, currency, ordered_at, notes, file_id)
      = (latest.customer_email, latest.sku, latest.quantity, latest.unit_price, latest.currency, latest.ordered_at,
         latest.notes, %(file_id)s)
    FROM ({_LATEST}) AS latest, files
    WHERE orders.order_id = latest.order_id AND orders.file_id <> %(file_id)s
      AND files.file_id = orders.file_id AND {EARLIER}
"""  # noqa: S608 - put together of constants alone


def stage(connection: Connection, file_id: int, rows: Iterator[str | Reject]) -> int:
    """Stream the rows of a file to the database, and return how many were rejected; needs a transaction."""
    connection.execute(_STAGING)
    rejected = 0
    more = True
    while more:
        rejects, more = _copy_orders(connection, rows)
        rejected += len(rejects)
        _copy_rejects(connection, file_id, rejects)
    return rejected


def merge(connection: Connection, event: FileEvent, file_id: int, *, alone: bool = False) -> int:
    """Bring the staged rows into the orders, and return how many distinct orders they are.

    An order that is there already is replaced only where its file comes before this one. `alone` waits until no other
    merge is under way, and keeps them all out.
    """
    lock: LiteralString = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    connection.execute(f"SELECT {lock}(%s)", [MERGE_LOCK])
    values = parameters(event) | {"file_id": file_id}
    row = connection.execute(_INSERT, values).fetchone()
    distinct, inserted = row if row is not None else (0, 0)
    if inserted < distinct:
        connection.execute(_REPLACE, values)
    return int(distinct)


def _copy_orders(connection: Connection, rows: Iterator[str | Reject]) -> tuple[list[Reject], bool]:
    # One COPY runs at a time, so rejects are held back; before they grow too many, the orders pause for them.
    rejects: list[Reject] = []
    lines: list[str] = []
    with connection.cursor() as cursor, cursor.copy(_COPY_ORDERS) as copy:
        for row in rows:
            if isinstance(row, str):
                lines.append(row)
                if len(lines) == _ROWS_A_WRITE:
                    copy.write("".join(lines))
                    lines.clear()
            else:
                rejects.append(row)
                if len(rejects) == _REJECTS_A_COPY:
                    break
        copy.write("".join(lines))
    return rejects, len(rejects) == _REJECTS_A_COPY


def _copy_rejects(connection: Connection, file_id: int, rejects: list[Reject]) -> None:
    if not rejects:
        return
    with connection.cursor() as cursor, cursor.copy(_COPY_REJECTS) as copy:
        for reject in rejects:
            copy.write_row((file_id, reject.line_number, reject.raw, reject.reasons))
