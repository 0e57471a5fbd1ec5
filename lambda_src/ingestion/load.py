"""Loads a file's rows into the orders: straight into the table, a batch at a time, as long as all of them are new.

A batch that holds an order which is there already is rolled back, and goes through a table of the session, where it is
compared. After each batch the orders hold, for every id that the file named so far, its latest row, or the row of a
file that counts for more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import LiteralString

from psycopg import Connection, sql
from psycopg.errors import UniqueViolation

from .deadline import Deadline
from .ledger import EARLIER
from .order_file import OrderFile, Reject

# Loads hold this lock together; one that met two deadlocks holds it alone.
LOAD_LOCK = 7_001_002
# What is kept in memory in case it must be loaded the other way. With half of it, loading takes a tenth longer.
BATCH_BYTES = 8 * 1024 * 1024
BATCH_REJECTS = 1_000

_COLUMNS: LiteralString = "order_id, customer_email, sku, quantity, unit_price, currency, ordered_at, notes"

# The first holds one batch. The second remembers orders that were counted, for as long as the transaction lasts.
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
_LEAVE_THE_LATEST: LiteralString = """
    DELETE FROM incoming_orders USING (
        SELECT order_id, max(arrival) AS latest FROM incoming_orders GROUP BY order_id HAVING count(*) > 1
    ) AS repeated
    WHERE incoming_orders.order_id = repeated.order_id AND arrival < latest
"""
_TAKE_OVER: LiteralString = """
    UPDATE orders
    SET (customer_email, sku, quantity, unit_price, currency, ordered_at, notes, file_id)
      = (incoming.customer_email, incoming.sku, incoming.quantity, incoming.unit_price, incoming.currency,
         incoming.ordered_at, incoming.notes, incoming.file_id)
    FROM incoming_orders AS incoming
"""
# Orders that an earlier batch of this file brought.
_REPEAT: LiteralString = f"{_TAKE_OVER} WHERE orders.order_id = incoming.order_id AND orders.file_id = incoming.file_id"
# Orders are taken in the order of their ids, so that two files with the same orders rarely wait for each other. One
# that is there already stays as it is, but locked: "WHERE false" is judged after the lock is taken.
_INSERT: LiteralString = f"""
    INSERT INTO orders ({_COLUMNS}, file_id) SELECT {_COLUMNS}, file_id FROM incoming_orders ORDER BY order_id
    ON CONFLICT (order_id) DO UPDATE SET file_id = orders.file_id WHERE false
"""  # noqa: S608 - put together of constants alone
# A statement of its own, because it sees more: an order that the insertion had to wait for came from a file that was
# not in the ledger yet when that began.
_REPLACE: LiteralString = f"""
    {_TAKE_OVER}, files, files AS this
    WHERE orders.order_id = incoming.order_id AND orders.file_id <> incoming.file_id
      AND files.file_id = orders.file_id AND this.file_id = %(file_id)s AND {EARLIER}
"""
# What is left belongs to files that count for more. It is counted once, however many batches name it.
_OUTRANK: LiteralString = """
    INSERT INTO counted_orders
    SELECT order_id FROM incoming_orders JOIN orders USING (order_id) WHERE orders.file_id <> incoming_orders.file_id
    ON CONFLICT DO NOTHING
"""
# A file that is loaded again may meet orders it brought the first time: all of its orders are remembered.
_COUNT: LiteralString = "INSERT INTO counted_orders SELECT order_id FROM incoming_orders ON CONFLICT DO NOTHING"


def load(connection: Connection, file_id: int, file: OrderFile, deadline: Deadline, *, again: bool) -> int:
    """Load every row of the file, and return how many distinct orders it holds; needs a transaction.

    `again` says that it may have been loaded before.

    An order that is there already is replaced only where its file comes before this one. Raises RefusedError where the
    file must be refused, OutOfTimeError at the deadline, DeadlockDetected, and psycopg's other errors.
    """
    return _Load(connection, file_id, file, deadline, again=again).run()


def lock(connection: Connection, *, alone: bool) -> None:
    """Hold the lock of all loads until the transaction ends; `alone` waits for the others, and keeps them out."""
    function = sql.SQL("pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared")
    connection.execute(sql.SQL("SELECT {}(%s)").format(function), [LOAD_LOCK])


def limit_statements(connection: Connection, deadline: Deadline) -> None:
    """Let no statement of the transaction wait or work beyond the deadline; raises OutOfTimeError if it is over."""
    milliseconds = deadline.milliseconds_left()
    connection.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(milliseconds))


def keep_rejects(connection: Connection, file_id: int, rejects: list[Reject]) -> None:
    """Store rows that can't be loaded."""
    if not rejects:
        return
    statement = "COPY rejected_rows (file_id, line_number, raw, reasons) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for reject in rejects:
            copy.write_row((file_id, reject.line_number, reject.raw, reject.reasons))


@dataclass
class _Batch:
    """What was read of the file since the last batch."""

    lines: list[bytes] = field(default_factory=list)
    rows: int = 0
    rejects: list[Reject] = field(default_factory=list)


class _Load:
    def __init__(
        self, connection: Connection, file_id: int, file: OrderFile, deadline: Deadline, *, again: bool
    ) -> None:
        self._connection = connection
        self._file_id = file_id
        self._again = again
        self._file = file
        self._chunks = file.chunks()
        self._read_to_the_end = False
        self._deadline = deadline
        self._distinct = 0

    def run(self) -> int:
        failures = pause = 0
        while not self._read_to_the_end:
            batch = _Batch()
            if pause or self._again:
                pause -= 1
                self._compare(self._read(batch), batch)
            elif self._add(batch):
                failures = 0
            else:
                # Known orders rarely come alone: with each failure the straight way is left for longer.
                failures += 1
                pause = 2**failures - 2
                self._compare(batch.lines, batch)
            keep_rejects(self._connection, self._file_id, batch.rejects)
        return self._distinct

    def _read(self, batch: _Batch) -> Iterator[bytes]:
        """Read on until the batch is full or the file ends, and give the lines on as they come."""
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
        self._read_to_the_end = True

    def _add(self, batch: _Batch) -> bool:
        """Copy the batch straight into the orders; False where one of them is there already, and then none is added."""
        try:
            with self._connection.transaction():
                self._copy("orders", self._read(batch))
        except UniqueViolation:
            return False
        self._distinct += batch.rows
        return True

    def _compare(self, lines: Iterable[bytes], batch: _Batch) -> None:
        """Bring the lines of the batch into the orders one by one."""
        for statement in _TABLES:
            self._connection.execute(statement)
        self._copy("incoming_orders", lines)
        left = batch.rows - self._execute(_LEAVE_THE_LATEST)
        if self._again:
            self._distinct += self._execute(_COUNT)
            for statement in (_REPEAT, _INSERT, _REPLACE):
                self._execute(statement)
            return
        if self._distinct:
            left -= self._execute(_REPEAT)
        for statement in (_INSERT, _REPLACE, _OUTRANK):
            if left:
                found = self._execute(statement)
                self._distinct += found
                left -= found

    def _copy(self, table: LiteralString, lines: Iterable[bytes]) -> None:
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, DELIMITER {}{})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(sql.Identifier(name) for name in (*self._file.columns, "file_id")),
            self._file.delimiter,
            sql.SQL(", FORCE_NULL (notes)" if "notes" in self._file.columns else ""),
        )
        limit_statements(self._connection, self._deadline)
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for each in lines:
                copy.write(each)

    def _execute(self, statement: LiteralString) -> int:
        limit_statements(self._connection, self._deadline)
        return self._connection.execute(statement, {"file_id": self._file_id}).rowcount
