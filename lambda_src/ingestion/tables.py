"""Writes a file's rows to the dataset's table and to `rejected_rows`, in batches.

A batch of new rows is copied directly into the table. If the table already holds a key of the batch, the copy is rolled
back, and the batch goes through a temporary table. If the file is later than every file that the known rows came from,
these rows are deleted and the batch is copied again, which takes half the time of an update. Otherwise the batch is
merged row by row. After each batch the table holds, for every key that the file contained so far, the row that the
dataset's rule for known keys asks for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import LiteralString

from psycopg import Connection, Cursor, Rollback, sql
from psycopg.errors import UniqueViolation
from psycopg.rows import TupleRow

from common.database import LOAD_LOCK
from common.precedence import EARLIER
from tabular.declaration import Dataset

from .deadline import Deadline
from .reader import DatasetReader, RejectedRow
from .row_rules import csv_quoted

# A batch is kept in memory in case it must be merged. With half of this size, loading takes a tenth longer.
BATCH_BYTES = 8 * 1024 * 1024
BATCH_REJECTS = 1_000

# {incoming} holds one batch. {counted} holds the keys of counted rows until the transaction ends.
_TEMPORARY_TABLES: tuple[LiteralString, ...] = (
    """
    CREATE TEMPORARY TABLE {incoming} (
        arrival bigint GENERATED ALWAYS AS IDENTITY (CACHE 1000), LIKE {table}
    ) ON COMMIT DELETE ROWS
    """,
    "CREATE TEMPORARY TABLE {counted} ON COMMIT DELETE ROWS AS SELECT {key} FROM {table} WITH NO DATA",
    "CREATE UNIQUE INDEX {counted_key} ON {counted} ({key})",
    "TRUNCATE {incoming} RESTART IDENTITY",
)
# The number of known rows by the file that they came from. A DELETE locks rows in the order in which it finds them, so
# two files with the same keys may run into a deadlock. Then one of them is loaded again, and after the second deadlock
# with the exclusive lock, while no other file is loaded.
_DELETE_STORED: LiteralString = """
    WITH deleted AS (
        DELETE FROM {table} AS stored USING {incoming} AS incoming WHERE {same_key} RETURNING stored.file_id
    )
    SELECT file_id, count(*) FROM deleted GROUP BY file_id
"""
# A file that is no longer in the ledger is not outranked: _REPLACE leaves its rows, too.
_COUNT_OUTRANKED_FILES: LiteralString = """
    SELECT count(*) FROM files, files AS this
    WHERE this.file_id = %(file_id)s AND files.file_id = ANY(%(others)s) AND {outranked}
"""
_KEEP_ONE: LiteralString = """
    DELETE FROM {incoming} AS incoming USING (
        SELECT {key}, {kept}(arrival) AS kept FROM {incoming} GROUP BY {key} HAVING count(*) > 1
    ) AS stored
    WHERE {same_key} AND arrival <> kept
    RETURNING arrival
"""
_UPDATE: LiteralString = "UPDATE {table} AS stored SET ({others}) = ROW({incoming_others}) FROM {incoming} AS incoming"
# Updates rows that an earlier batch of this file wrote, or an earlier load of the same file.
_UPDATE_OWN: LiteralString = f"{_UPDATE} WHERE {{same_key}} AND stored.file_id = incoming.file_id"
# Two files with the same keys that are merged row by row lock these rows sorted by key, so they rarely deadlock. An
# existing row is locked but not changed: "WHERE false" is evaluated after the lock is taken.
_INSERT: LiteralString = """
    INSERT INTO {table} AS stored ({columns}) SELECT {columns} FROM {incoming} ORDER BY {key}
    ON CONFLICT ({key}) DO UPDATE SET file_id = stored.file_id WHERE false
"""
# The other files that have keys of the batch. Asked after a statement that waited for those that are loaded meanwhile.
_OVERLAPPING: LiteralString = """
    SELECT DISTINCT stored.file_id FROM {incoming} AS incoming JOIN {table} AS stored ON {same_key}
    WHERE stored.file_id <> incoming.file_id
"""
# A separate statement has a newer snapshot than _INSERT. This is necessary because a row that _INSERT waited for may
# come from a file that was committed to the ledger only after _INSERT began.
_REPLACE: LiteralString = f"""
    WITH replaced AS (
        {_UPDATE}, files, files AS this
        WHERE {{same_key}} AND stored.file_id <> incoming.file_id
          AND files.file_id = stored.file_id AND this.file_id = %(file_id)s AND {{outranked}}
        RETURNING files.file_id
    )
    SELECT count(*), array_agg(DISTINCT file_id) FROM replaced
"""  # noqa: S608 - built from constants
# The remaining rows stay as other files wrote them. Each key is counted once, even if several batches contain it.
_COUNT_OUTRANKED: LiteralString = """
    WITH outranked AS (
        SELECT {incoming_key}, stored.file_id FROM {incoming} AS incoming JOIN {table} AS stored ON {same_key}
        WHERE stored.file_id <> incoming.file_id
    ), added AS (
        INSERT INTO {counted} ({key}) SELECT {key} FROM outranked ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT (SELECT count(*) FROM added), array_agg(DISTINCT file_id) FROM outranked
"""
# All keys of a reprocessed file are counted here, because an earlier load of the same file may have written some.
_COUNT_ALL: LiteralString = "INSERT INTO {counted} ({key}) SELECT {key} FROM {incoming} ON CONFLICT DO NOTHING"
# Where the first row of a key counts, the rows of an earlier load of this file give way; those of this load stay.
_DELETE_EARLIER_LOAD: LiteralString = """
    DELETE FROM {table} AS stored USING {incoming} AS incoming
    WHERE {same_key} AND stored.file_id = incoming.file_id
      AND NOT EXISTS (SELECT FROM {counted} AS incoming WHERE {same_key})
"""
# Returns the rows whose keys are in the table already. Looking for them before the insert would miss the keys that
# another load commits in between.
_INSERT_UNKNOWN: LiteralString = """
    WITH inserted AS (
        INSERT INTO {table} ({columns}) SELECT {columns} FROM {incoming} ORDER BY {key}
        ON CONFLICT ({key}) DO NOTHING RETURNING {key}
    )
    SELECT arrival FROM {incoming} AS incoming WHERE NOT EXISTS (SELECT FROM inserted AS stored WHERE {same_key})
"""
_LINE = re.compile(rb'(?:[^"\n]++|"[^"]*+")*+\n')


def lock(connection: Connection, *, exclusive: bool) -> None:
    """Take the lock of all loads until the transaction ends: shared, or exclusively when loads ran into deadlocks."""
    function = sql.SQL("pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared")
    connection.execute(sql.SQL("SELECT {}(%s)").format(function), [LOAD_LOCK])


def limit_statements(connection: Connection, deadline: Deadline) -> None:
    """Limit the transaction's next statements to the time that is left; raises OutOfTimeError when there is none."""
    milliseconds = deadline.milliseconds_left()
    connection.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(milliseconds))


def write_rejects(connection: Connection, file_id: int, rejects: list[RejectedRow]) -> None:
    """Store rejected rows with their values and reasons."""
    if not rejects:
        return
    statement = "COPY rejected_rows (file_id, line_number, raw, reasons, fields) FROM STDIN (FORMAT csv)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for reject in rejects:
            copy.write(_reject_for_copy(file_id, reject))


def _reject_for_copy(file_id: int, reject: RejectedRow) -> str:
    """A rejected row as a line for COPY. psycopg's `write_row` takes five times as long, mostly for the array."""
    reasons = '","'.join(each.replace("\\", "\\\\").replace('"', '\\"') for each in reject.reasons)
    fields = json.dumps(reject.values) if reject.values else None
    values = map(csv_quoted, (reject.raw, f'{{"{reasons}"}}', fields))
    return f"{file_id},{reject.line_number},{','.join(values)}\n"


@dataclass
class _Batch:
    """The rows that were read since the last batch. `runs` are the first line and the number of consecutive rows."""

    lines: list[bytes] = field(default_factory=list)
    rows: int = 0
    rejects: list[RejectedRow] = field(default_factory=list)
    runs: list[tuple[int, int]] = field(default_factory=list)


class DatasetWriter:
    """Writes every row of a file in a transaction.

    `reprocess` means that this file may have been loaded before. After `run`, `repeated` is the number of rows whose
    key another row of the file has, `rejected` is the number of rows that were rejected because of their key, and
    `overlapping` are the other files whose rows had keys of this file.
    """

    def __init__(
        self, connection: Connection, file_id: int, reader: DatasetReader, deadline: Deadline, *, reprocess: bool
    ) -> None:
        self._connection = connection
        self._file_id = file_id
        self._reprocess = reprocess
        self._reader = reader
        self._chunks = reader.chunks()
        self._at_end = False
        self._deadline = deadline
        self._distinct = 0
        self._rows = 0
        self.rejected = 0
        self.overlapping: set[int] = set()
        self.dataset = reader.dataset
        self._parts = _parts(reader.dataset)

    @property
    def repeated(self) -> int:
        """The number of valid rows whose key another row of the file has; complete after `run`."""
        return self._rows - self._distinct - self.rejected

    def run(self) -> int:
        """Write the rows, and return how many distinct keys the file contains.

        Raises RefusedError if the file must be refused, OutOfTimeError at the deadline, DeadlockDetected, and psycopg's
        other errors.
        """
        order = self._reader.format.date_order
        if order != "YMD":
            self._connection.execute(sql.SQL("SET LOCAL datestyle = {}").format(f"ISO, {order}"))
        failures = pause = 0
        while not self._at_end:
            batch = _Batch()
            if pause or self._reprocess:
                pause -= 1
                self._merge(self._read(batch), batch)
            elif self._insert(batch):
                failures = 0
            else:
                # Existing keys often follow each other: after each failure, more batches skip the copy.
                failures += 1
                pause = 2**failures - 2
                self._merge(batch.lines, batch)
            self._rows += batch.rows
            write_rejects(self._connection, self._file_id, batch.rejects)
        self._reader.check_share()  # again: the last batch may have been rejected because of its keys
        return self._distinct

    def _read(self, batch: _Batch) -> Iterator[bytes]:
        """Read until the batch is full or the file ends, and yield the lines as they are read."""
        size = 0
        for chunk in self._chunks:
            self._deadline.milliseconds_left()
            batch.lines.append(chunk.lines)
            batch.rows += chunk.rows
            batch.rejects += chunk.rejects
            batch.runs += chunk.runs
            yield chunk.lines
            size += len(chunk.lines)
            if size >= BATCH_BYTES or len(batch.rejects) >= BATCH_REJECTS:
                return
        self._at_end = True

    def _insert(self, batch: _Batch) -> bool:
        """Copy the batch directly into the table. Copies nothing and returns False if a key exists already."""
        try:
            with self._connection.transaction():
                self._copy(self._parts["table"], self._read(batch))
        except UniqueViolation:
            return False
        self._distinct += batch.rows
        return True

    def _merge(self, lines: Iterable[bytes], batch: _Batch) -> None:
        """Merge the batch into the table, row by row."""
        self._prepare()
        self._copy(self._parts["incoming"], lines)
        if self.dataset.known_key == "replace" and not self._reprocess and self._copy_over(batch):
            return
        repeated = self._column(_KEEP_ONE)
        left = batch.rows - len(repeated)
        if self._reprocess and self.dataset.known_key != "replace":
            self._execute(_DELETE_EARLIER_LOAD)
        counted = self._execute(_COUNT_ALL) if self._reprocess else 0
        if self.dataset.known_key == "reject":
            known = self._column(_INSERT_UNKNOWN)
            if known:
                self.overlapping.update(self._column(_OVERLAPPING))
            self._distinct += left - len(known)
            self._reject(batch, repeated + known)
            return
        if self._reprocess:
            self._distinct += counted
            if self.dataset.known_key == "replace":
                self._execute(_UPDATE_OWN)
            self._execute(_INSERT)
            self.overlapping.update(self._column(_OVERLAPPING))
            self._known(_REPLACE)
            return
        if self._distinct and self.dataset.known_key == "replace":
            left -= self._execute(_UPDATE_OWN)
        for run, statement in (
            (self._execute, _INSERT),
            (self._known, _REPLACE),
            (self._known, _COUNT_OUTRANKED),
        ):
            if left:
                found = run(statement)
                self._distinct += found
                left -= found

    def _copy_over(self, batch: _Batch) -> bool:
        """Delete the stored rows with the batch's keys, and copy the batch directly.

        Changes nothing and returns False if the batch repeats a key, if a stored row comes from a later file, or if
        another load has written one of the keys in the meantime.
        """
        with suppress(UniqueViolation), self._connection.transaction():
            stored: dict[int, int] = dict(self._run(_DELETE_STORED).fetchall())
            own = stored.pop(self._file_id, 0)
            if self._run(_COUNT_OUTRANKED_FILES, others=list(stored)).fetchone() != (len(stored),):
                raise Rollback
            self._copy(self._parts["table"], batch.lines)
            self._distinct += batch.rows - own
            self.overlapping.update(stored)
            return True
        return False

    def _prepare(self) -> None:
        """Create the temporary tables if this connection has none yet, and empty them."""
        name = f"incoming_{self.dataset.name}"
        exists = self._connection.execute("SELECT to_regclass(%s)", [f"pg_temp.{name}"]).fetchone()
        for statement in _TEMPORARY_TABLES if exists == (None,) else _TEMPORARY_TABLES[-1:]:
            self._execute(statement)

    def _reject(self, batch: _Batch, arrivals: list[int]) -> None:
        """Reject rows of the batch because of their key; arrivals are counted from 1."""
        if not arrivals:
            return
        lines = _LINE.findall(b"".join(batch.lines))
        numbers = [first + number for first, rows in batch.runs for number in range(rows)]
        key = ", ".join(self.dataset.primary_key)
        end = self._reader.line_end
        for arrival in sorted(arrivals):
            raw = lines[arrival - 1].removesuffix(end).decode()
            reason = f"{key} is known already: this dataset rejects a row whose key it has"
            row = RejectedRow(numbers[arrival - 1], raw, [reason], None)
            self._reader.reject(row)
            batch.rejects.append(row)
        self.rejected += len(arrivals)

    def _copy(self, table: sql.Composable, lines: Iterable[bytes]) -> None:
        form, dataset = self._reader.format, self.dataset
        optional = [name for name in form.columns if name not in dataset.required_columns]
        null = sql.SQL(", FORCE_NULL ({})").format(_names(optional)) if optional else sql.SQL("")
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, DELIMITER {}{})").format(
            table, _names([*form.columns, "file_id"]), form.delimiter, null
        )
        limit_statements(self._connection, self._deadline)
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for each in lines:
                copy.write(each)

    def _column(self, statement: LiteralString) -> list[int]:
        return [row[0] for row in self._run(statement).fetchall()]

    def _known(self, statement: LiteralString) -> int:
        """The number of known keys that the statement returns, with the files that have them."""
        ((count, others),) = self._run(statement).fetchall()
        self.overlapping.update(others or ())
        return int(count)

    def _execute(self, statement: LiteralString) -> int:
        return self._run(statement).rowcount

    def _run(self, statement: LiteralString, **values: object) -> Cursor[TupleRow]:
        limit_statements(self._connection, self._deadline)
        values["file_id"] = self._file_id
        return self._connection.execute(sql.SQL(statement).format(**self._parts), values)


def _parts(dataset: Dataset) -> dict[str, sql.Composable]:
    """The parts of statements that depend on the dataset."""
    others = [*(name for name in dataset.columns if name not in dataset.primary_key), "file_id"]
    keeps_first = dataset.known_key != "replace"
    return {
        # A temporary table is found before one of the same name in the schema of the datasets.
        "table": sql.Identifier("public", dataset.name),
        "incoming": sql.Identifier(f"incoming_{dataset.name}"),
        "counted": sql.Identifier(f"counted_{dataset.name}"),
        "counted_key": sql.Identifier(f"counted_{dataset.name}_key"),
        "columns": _names([*dataset.columns, "file_id"]),
        "key": _names(dataset.primary_key),
        "incoming_key": _names(dataset.primary_key, "incoming"),
        "others": _names(others),
        "incoming_others": _names(others, "incoming"),
        "same_key": sql.SQL(" AND ").join(
            sql.SQL("stored.{0} = incoming.{0}").format(sql.Identifier(name)) for name in dataset.primary_key
        ),
        "kept": sql.SQL("min" if keeps_first else "max"),
        "outranked": sql.SQL(f"NOT ({EARLIER})" if keeps_first else EARLIER),
    }


def _names(names: Iterable[str], table: str | None = None) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(table, name) if table else sql.Identifier(name) for name in names)
