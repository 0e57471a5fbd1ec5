"""Every question that the app asks the database. Each is answered by an index, and pages go by key, never by offset."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from psycopg import AsyncConnection
from psycopg.rows import class_row

HIGHEST_ID = 2**63 - 1
Status = Literal["loaded", "refused", "superseded", "deleted"]

_FILE_COLUMNS = """
    file_id, bucket, key, version_id, uploaded_at, size_bytes, status, reason, rows_loaded, rows_rejected,
    received_at, finished_at
"""
# A condition whose parameter is null is gone before the query is planned, since nothing is prepared.
_OF_STATUS = "(%(status)s::text IS NULL OR status = %(status)s)"
_FILES = f"""
    SELECT {_FILE_COLUMNS} FROM files WHERE file_id < %(before)s AND {_OF_STATUS} ORDER BY file_id DESC LIMIT %(limit)s
"""  # noqa: S608 - of constants
# As the index files_name has it. In collation "C", lower() knows the letters A to Z.
_NAME = "lower(substring(key FROM '[^/]*$'))"


def _found(text: str, beginning: str) -> str:
    # Everything from `beginning` to the file `before`, or to the last text that begins so: one piece of an index on
    # (text, file_id), read backward. Sorted by id alone, the last match could be a whole ledger away.
    return f"""
        SELECT {_FILE_COLUMNS} FROM files
        WHERE {text} >= {beginning} AND {_OF_STATUS}
          AND ({text}, file_id) < (
              least((SELECT {text} FROM files WHERE file_id = %(before)s), {beginning} || U&'\\+10FFFF'), %(before)s)
        ORDER BY {text} DESC, file_id DESC LIMIT %(limit)s
    """  # noqa: S608 - of constants


_FILES_BY_KEY = _found("key", "%(search)s::text")
_FILES_BY_NAME = _found(_NAME, 'lower(%(search)s::text COLLATE "C")')
_FILE = f"SELECT {_FILE_COLUMNS} FROM files WHERE file_id = %s"  # noqa: S608 - of constants
# "key = ..." would let the database walk back through the whole ledger by id, and look out for the key.
_VERSIONS = f"""
    SELECT {_FILE_COLUMNS} FROM files
    WHERE key >= %(key)s AND (key, file_id) <= (%(key)s, {HIGHEST_ID}) AND bucket = %(bucket)s
    ORDER BY key DESC, file_id DESC LIMIT %(limit)s
"""  # noqa: S608 - of constants
_RECEIVED_SINCE = """
    SELECT count(*)::bigint AS files, count(*) FILTER (WHERE status = 'refused')::bigint AS refused,
           coalesce(sum(rows_loaded), 0)::bigint AS rows_loaded,
           coalesce(sum(rows_rejected), 0)::bigint AS rows_rejected
    FROM files WHERE received_at >= %s
"""
_REJECTS = """
    SELECT line_number, raw, reasons FROM rejected_rows
    WHERE file_id = %s AND line_number > %s ORDER BY line_number LIMIT %s
"""
_ORDER_COLUMNS = "order_id, customer_email, sku, quantity, unit_price, currency, ordered_at, notes, file_id"
# Of orders of one moment the index does not know the order; they are sorted as they come.
_ORDERS = f"""
    SELECT {_ORDER_COLUMNS} FROM orders
    WHERE (ordered_at, order_id) < (%(before)s::timestamptz, %(before_id)s)
    ORDER BY ordered_at DESC, order_id DESC LIMIT %(limit)s
"""  # noqa: S608 - of constants
_ORDERS_BY_ID = f"""
    SELECT {_ORDER_COLUMNS} FROM orders
    WHERE order_id ^@ %(prefix)s AND order_id > %(after)s ORDER BY order_id LIMIT %(limit)s
"""  # noqa: S608 - of constants
_ORDER = f"SELECT {_ORDER_COLUMNS} FROM orders WHERE order_id = %s"  # noqa: S608 - of constants
_LAST_ORDER = "SELECT max(ordered_at) FROM orders WHERE ordered_at < %s"
# The index alone answers it, and reads the days asked for, not the table.
_ORDERS_PER_DAY = """
    SELECT (ordered_at AT TIME ZONE 'UTC')::date AS day, count(*)::bigint AS orders FROM orders
    WHERE ordered_at >= %s AND ordered_at < %s GROUP BY day ORDER BY day
"""


@dataclass(frozen=True, kw_only=True)
class File:
    """A version of a file, and what became of it."""

    file_id: int
    bucket: str
    key: str
    version_id: str
    uploaded_at: datetime
    size_bytes: int | None
    status: Status
    reason: str | None
    rows_loaded: int
    rows_rejected: int
    received_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Received:
    """What came in since a moment, in sums."""

    files: int
    refused: int
    rows_loaded: int
    rows_rejected: int


@dataclass(frozen=True, kw_only=True)
class Reject:
    """A row of a file that was not loaded."""

    line_number: int
    raw: str
    reasons: list[str]


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order as it stands, and the file it came from."""

    order_id: str
    customer_email: str
    sku: str
    quantity: int
    unit_price: Decimal
    currency: str
    ordered_at: datetime
    notes: str | None
    file_id: int


@dataclass(frozen=True, kw_only=True)
class Day:
    """How many orders were placed on a day, in UTC."""

    day: date
    orders: int


async def answers(connection: AsyncConnection) -> None:
    """Ask something that needs no table; raises psycopg.OperationalError where there is no answer."""
    await connection.execute("SELECT 1")


async def files(connection: AsyncConnection, *, before: int, status: Status | None, limit: int) -> list[File]:
    """The newest files whose id is lower than `before`, newest first."""
    values = {"before": before, "status": status, "limit": limit}
    async with connection.cursor(row_factory=class_row(File)) as cursor:
        return await (await cursor.execute(_FILES, values)).fetchall()


async def found_files(
    connection: AsyncConnection, *, search: str, before: int, status: Status | None, limit: int
) -> list[File]:
    """The files whose name begins with `search`, whatever the case, or with a slash in it, whose key begins with it.

    The last by name or key first, and of one name the newest first: what carries its date is sorted by date. Those
    that come before the file `before`, where there is one of that id.
    """
    values = {"search": search, "before": before, "status": status, "limit": limit}
    async with connection.cursor(row_factory=class_row(File)) as cursor:
        return await (await cursor.execute(_FILES_BY_KEY if "/" in search else _FILES_BY_NAME, values)).fetchall()


async def file(connection: AsyncConnection, file_id: int) -> File | None:
    """One file, None where there is none with that id."""
    async with connection.cursor(row_factory=class_row(File)) as cursor:
        return await (await cursor.execute(_FILE, [file_id])).fetchone()


async def versions(connection: AsyncConnection, *, bucket: str, key: str, limit: int) -> list[File]:
    """The versions of one key that the ledger knows, the one it heard of last first."""
    async with connection.cursor(row_factory=class_row(File)) as cursor:
        return await (await cursor.execute(_VERSIONS, {"bucket": bucket, "key": key, "limit": limit})).fetchall()


async def received(connection: AsyncConnection, *, since: datetime) -> Received:
    """What came in since then."""
    async with connection.cursor(row_factory=class_row(Received)) as cursor:
        found = await (await cursor.execute(_RECEIVED_SINCE, [since])).fetchone()
        return found or Received(files=0, refused=0, rows_loaded=0, rows_rejected=0)


async def rejects(connection: AsyncConnection, file_id: int, *, after: int, limit: int) -> list[Reject]:
    """The first rejected rows of a file that stand after line `after`."""
    async with connection.cursor(row_factory=class_row(Reject)) as cursor:
        return await (await cursor.execute(_REJECTS, [file_id, after, limit])).fetchall()


async def orders(connection: AsyncConnection, *, before: datetime | None, before_id: str, limit: int) -> list[Order]:
    """The newest orders, newest first: those placed before `before`, or at that moment with a lower id."""
    values = {"before": before or "infinity", "before_id": before_id, "limit": limit}
    async with connection.cursor(row_factory=class_row(Order)) as cursor:
        return await (await cursor.execute(_ORDERS, values)).fetchall()


async def orders_by_id(connection: AsyncConnection, *, prefix: str, after: str, limit: int) -> list[Order]:
    """The orders whose id begins with `prefix` and comes after `after`, by id."""
    values = {"prefix": prefix, "after": after, "limit": limit}
    async with connection.cursor(row_factory=class_row(Order)) as cursor:
        return await (await cursor.execute(_ORDERS_BY_ID, values)).fetchall()


async def order(connection: AsyncConnection, order_id: str) -> Order | None:
    """One order, None where there is none with that id."""
    async with connection.cursor(row_factory=class_row(Order)) as cursor:
        return await (await cursor.execute(_ORDER, [order_id])).fetchone()


async def last_order(connection: AsyncConnection, *, before: datetime) -> datetime | None:
    """When the last order before that moment was placed, None where there is none."""
    row = await (await connection.execute(_LAST_ORDER, [before])).fetchone()
    return row[0] if row else None


async def orders_per_day(connection: AsyncConnection, *, since: datetime, before: datetime) -> list[Day]:
    """How many orders were placed on each day that has any."""
    async with connection.cursor(row_factory=class_row(Day)) as cursor:
        return await (await cursor.execute(_ORDERS_PER_DAY, [since, before])).fetchall()
