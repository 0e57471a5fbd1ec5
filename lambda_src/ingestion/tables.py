"""Writes a file's rows to the tables `orders` and `rejected_rows`, in batches.

A batch of new orders is copied directly into `orders`. If `orders` already contains an order of the batch, the copy is
rolled back, and the batch is merged through a temporary table. After each batch `orders` holds, for every id that the
file contained so far, the latest row of this file or the row of a later file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import LiteralString

from psycopg import Connection, sql
from psycopg.errors import UniqueViolation

from .deadline import Deadline
from .ledger import EARLIER
from .reader import OrderReader, RejectedRow

# Loads share this lock; a load that ran into two deadlocks takes it exclusively.
LOAD_LOCK = 7_001_002
# A batch is kept in memory in case it must be merged. With half of this size, loading takes a tenth longer.
BATCH_BYTES = 8 * 1024 * 1024
BATCH_REJECTS = 1_000

_COLUMNS: LiteralString = "order_id, customer_email, sku, quantity, unit_price, currency, ordered_at, notes"

# incoming_orders holds one batch. counted_orders holds the ids of counted orders until the transaction ends.
_TABLES: tuple[LiteralString, ...] = (
    """
    CREATE TEMPORARY TABLE IF NOT EXISTS incoming_orders (
        arrival bigint GENERATED ALWAYS AS IDENTITY (CACHE 1000), LIKE orders
    ) ON COMMIT DELETE ROWS
    """,
    """
    CREATE TEMPORARY TABLE IF NOT EXISTS counted_orders (order_id text COLLATE "C" PRIMARY KEY)
    ON COMMIT DELETE ROWS
    """,
    "TRUNCATE incoming_orders",
)
_KEEP_LATEST: LiteralString = """
    DELETE FROM incoming_orders USING (
        SELECT order_id, max(arrival) AS latest FROM incoming_orders GROUP BY order_id HAVING count(*) > 1
    ) AS repeated
    WHERE incoming_orders.order_id = repeated.order_id AND arrival < latest
"""
_UPDATE: LiteralString = """
    UPDATE orders
    SET (customer_email, sku, quantity, unit_price, currency, ordered_at, notes, file_id)
      = (incoming.customer_email, incoming.sku, incoming.quantity, incoming.unit_price, incoming.currency,
         incoming.ordered_at, incoming.notes, incoming.file_id)
    FROM incoming_orders AS incoming
"""
# Updates orders that an earlier batch of this file wrote.
_UPDATE_OWN: LiteralString = (
    f"{_UPDATE} WHERE orders.order_id = incoming.order_id AND orders.file_id = incoming.file_id"
)
# Two files with the same orders lock these orders sorted by id, so the two loads rarely deadlock. An existing order is
# locked but not changed: "WHERE false" is evaluated after the lock is taken.
_INSERT: LiteralString = f"""
    INSERT INTO orders ({_COLUMNS}, file_id) SELECT {_COLUMNS}, file_id FROM incoming_orders ORDER BY order_id
    ON CONFLICT (order_id) DO UPDATE SET file_id = orders.file_id WHERE false
"""  # noqa: S608 - built from constants
# A separate statement has a newer snapshot than _INSERT. This is necessary because an order that _INSERT waited for may
# come from a file that was committed to the ledger only after _INSERT began.
_REPLACE: LiteralString = f"""
    {_UPDATE}, files, files AS this
    WHERE orders.order_id = incoming.order_id AND orders.file_id <> incoming.file_id
      AND files.file_id = orders.file_id AND this.file_id = %(file_id)s AND {EARLIER}
"""
# The remaining orders belong to later files. Each order is counted once, even if several batches contain the order.
_COUNT_OUTRANKED: LiteralString = """
    INSERT INTO counted_orders
    SELECT order_id FROM incoming_orders JOIN orders USING (order_id) WHERE orders.file_id <> incoming_orders.file_id
    ON CONFLICT DO NOTHING
"""
# All orders of a reprocessed file are counted here, because an earlier load of the same file may have written some.
_COUNT_ALL: LiteralString = "INSERT INTO counted_orders SELECT order_id FROM incoming_orders ON CONFLICT DO NOTHING"


def lock(connection: Connection, *, exclusive: bool) -> None:
    """Take the lock of all loads until the transaction ends: shared, or exclusively when loads ran into deadlocks."""
    function = sql.SQL("pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared")
    connection.execute(sql.SQL("SELECT {}(%s)").format(function), [LOAD_LOCK])


def limit_statements(connection: Connection, deadline: Deadline) -> None:
    """Limit the transaction's next statements to the time that is left; raises OutOfTimeError when there is none."""
    milliseconds = deadline.milliseconds_left()
    connection.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(milliseconds))


def write_rejects(connection: Connection, file_id: int, rejects: list[RejectedRow]) -> None:
    """Store rejected rows with their reasons."""
    if not rejects:
        return
    statement = "COPY rejected_rows (file_id, line_number, raw, reasons) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for reject in rejects:
            copy.write_row((file_id, reject.line_number, reject.raw, reject.reasons))


@dataclass
class _Batch:
    """The rows that were read since the last batch."""

    lines: list[bytes] = field(default_factory=list)
    rows: int = 0
    rejects: list[RejectedRow] = field(default_factory=list)


class OrderWriter:
    """Writes every row of a file in a transaction.

    An existing order is replaced only if the order comes from an earlier file. `reprocess` means that this file may
    have been loaded before.
    """

    def __init__(
        self, connection: Connection, file_id: int, reader: OrderReader, deadline: Deadline, *, reprocess: bool
    ) -> None:
        self._connection = connection
        self._file_id = file_id
        self._reprocess = reprocess
        self._reader = reader
        self._chunks = reader.chunks()
        self._at_end = False
        self._deadline = deadline
        self._distinct = 0

    def run(self) -> int:
        """Write the rows, and return how many distinct orders the file contains.

        Raises RefusedError if the file must be refused, OutOfTimeError at the deadline, DeadlockDetected, and psycopg's
        other errors.
        """
        failures = pause = 0
        while not self._at_end:
            batch = _Batch()
            if pause or self._reprocess:
                pause -= 1
                self._merge(self._read(batch), batch)
            elif self._insert(batch):
                failures = 0
            else:
                # Existing orders often follow each other: after each failure, more batches are merged without a copy.
                failures += 1
                pause = 2**failures - 2
                self._merge(batch.lines, batch)
            write_rejects(self._connection, self._file_id, batch.rejects)
        return self._distinct

    def _read(self, batch: _Batch) -> Iterator[bytes]:
        """Read until the batch is full or the file ends, and yield the lines as they are read."""
        size = 0
        for chunk in self._chunks:
            self._deadline.milliseconds_left()
            batch.lines.append(chunk.lines)
            batch.rows += chunk.rows
            batch.rejects += chunk.rejects
            yield chunk.lines
            size += len(chunk.lines)
            if size >= BATCH_BYTES or len(batch.rejects) >= BATCH_REJECTS:
                return
        self._at_end = True

    def _insert(self, batch: _Batch) -> bool:
        """Copy the batch directly into `orders`. Copies nothing and returns False if an order exists already."""
        try:
            with self._connection.transaction():
                self._copy("orders", self._read(batch))
        except UniqueViolation:
            return False
        self._distinct += batch.rows
        return True

    def _merge(self, lines: Iterable[bytes], batch: _Batch) -> None:
        """Merge the batch into `orders`, order by order."""
        for statement in _TABLES:
            self._connection.execute(statement)
        self._copy("incoming_orders", lines)
        left = batch.rows - self._execute(_KEEP_LATEST)
        if self._reprocess:
            self._distinct += self._execute(_COUNT_ALL)
            for statement in (_UPDATE_OWN, _INSERT, _REPLACE):
                self._execute(statement)
            return
        if self._distinct:
            left -= self._execute(_UPDATE_OWN)
        for statement in (_INSERT, _REPLACE, _COUNT_OUTRANKED):
            if left:
                found = self._execute(statement)
                self._distinct += found
                left -= found

    def _copy(self, table: LiteralString, lines: Iterable[bytes]) -> None:
        form = self._reader.format
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, DELIMITER {}{})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(sql.Identifier(name) for name in (*form.columns, "file_id")),
            form.delimiter,
            sql.SQL(", FORCE_NULL (notes)" if "notes" in form.columns else ""),
        )
        limit_statements(self._connection, self._deadline)
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for each in lines:
                copy.write(each)

    def _execute(self, statement: LiteralString) -> int:
        limit_statements(self._connection, self._deadline)
        return self._connection.execute(statement, {"file_id": self._file_id}).rowcount
