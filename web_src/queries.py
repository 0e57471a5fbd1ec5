"""All database queries of the app. Each one uses an index; pages are found by key, never by offset."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from unicodedata import normalize

from psycopg import AsyncConnection
from psycopg.rows import class_row

MAX_ID = 2**63 - 1
Status = Literal["loaded", "refused", "superseded", "deleted"]

_FILE_COLUMNS = """
    file_id, bucket, key, version_id, uploaded_at, size_bytes, status, reason, rows_loaded, rows_rejected,
    received_at, finished_at
"""
# Statements are not prepared, so the planner drops this condition when the parameter is null.
_OF_STATUS = "(%(status)s::text IS NULL OR status = %(status)s)"
_FILES = f"""
    SELECT {_FILE_COLUMNS} FROM files WHERE file_id < %(before)s AND {_OF_STATUS} ORDER BY file_id DESC LIMIT %(limit)s
"""  # noqa: S608 - of constants
# The expression of the index files_name. In the collation "C", lower() changes the letters A to Z only.
_NAME = "lower(substring(key FROM '[^/]*$'))"


def _search(text: str, prefix: str) -> str:
    # For each Unicode form, reads one range of an index on (text, file_id) backward: from the file `before`, or the
    # last text with the prefix, down to the prefix. No form starts with another form, so ranges don't overlap.
    # If results were sorted by id alone, finding the next match could mean reading the whole table.
    return f"""
        SELECT found.* FROM unnest(%(forms)s::text[]) AS form, LATERAL (
            SELECT {_FILE_COLUMNS} FROM files
            WHERE {text} >= {prefix} AND {_OF_STATUS}
              AND ({text}, file_id) < (
                  least((SELECT {text} FROM files WHERE file_id = %(before)s), {prefix} || U&'\\+10FFFF'), %(before)s)
            ORDER BY {text} DESC, file_id DESC LIMIT %(limit)s
        ) AS found
        ORDER BY {text} DESC, file_id DESC LIMIT %(limit)s
    """  # noqa: S608 - of constants


_FILES_BY_KEY = _search("key", 'form COLLATE "C"')
_FILES_BY_NAME = _search(_NAME, 'lower(form COLLATE "C")')
_FILE = f"SELECT {_FILE_COLUMNS} FROM files WHERE file_id = %s"  # noqa: S608 - of constants
# With "key = ..." the planner might read the whole table backward by id instead, and filter by key.
_VERSIONS = f"""
    SELECT {_FILE_COLUMNS} FROM files
    WHERE key >= %(key)s AND (key, file_id) <= (%(key)s, {MAX_ID}) AND bucket = %(bucket)s
    ORDER BY key DESC, file_id DESC LIMIT %(limit)s
"""  # noqa: S608 - of constants
_TOTALS = """
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
# The index has only ordered_at; PostgreSQL sorts the orders of each single timestamp by id as it reads them.
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
_LAST_ORDER_TIME = "SELECT max(ordered_at) FROM orders WHERE ordered_at < %s"
# PostgreSQL reads these days with an index-only scan.
_ORDERS_PER_DAY = """
    SELECT (ordered_at AT TIME ZONE 'UTC')::date AS day, count(*)::bigint AS orders FROM orders
    WHERE ordered_at >= %s AND ordered_at < %s GROUP BY day ORDER BY day
"""


@dataclass(frozen=True, kw_only=True)
class File:
    """One version of a file, and the result of processing it."""

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
class Totals:
    """The totals of the files received since some time."""

    files: int
    refused: int
    rows_loaded: int
    rows_rejected: int


@dataclass(frozen=True, kw_only=True)
class Reject:
    """A row that was not loaded, and why."""

    line_number: int
    raw: str
    reasons: list[str]


@dataclass(frozen=True, kw_only=True)
class Order:
    """The current state of an order, and the file it was last loaded from."""

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
    """The number of orders placed on one day (UTC)."""

    day: date
    orders: int


async def files(connection: AsyncConnection, *, before: int, status: Status | None, limit: int) -> list[File]:
    """Files with an id below `before`, newest first."""
    values = {"before": before, "status": status, "limit": limit}
    async with connection.cursor(row_factory=class_row(File)) as cursor:
        return await (await cursor.execute(_FILES, values)).fetchall()


async def search_files(
    connection: AsyncConnection, *, search: str, before: int, status: Status | None, limit: int
) -> list[File]:
    """Files whose name starts with `search`, ignoring case.

    If `search` contains a slash, files whose key starts with `search` instead.

    Sorted by name or key in descending order, so that dated names come newest first; files of the same name newest
    first. If a file with the id `before` exists, only files that follow that file in this order. `search` is also found
    in composed and decomposed Unicode: keyboards type "é" as one character, and macOS stores "é" as two characters.
    """
    forms = list(dict.fromkeys((search, normalize("NFC", search), normalize("NFD", search))))
    values = {"forms": forms, "before": before, "status": status, "limit": limit}
    async with connection.cursor(row_factory=class_row(File)) as cursor:
        return await (await cursor.execute(_FILES_BY_KEY if "/" in search else _FILES_BY_NAME, values)).fetchall()


async def file(connection: AsyncConnection, file_id: int) -> File | None:
    """The file with that id, if any."""
    async with connection.cursor(row_factory=class_row(File)) as cursor:
        return await (await cursor.execute(_FILE, [file_id])).fetchone()


async def versions(connection: AsyncConnection, *, bucket: str, key: str, limit: int) -> list[File]:
    """The known versions of a key, the most recently received first."""
    async with connection.cursor(row_factory=class_row(File)) as cursor:
        return await (await cursor.execute(_VERSIONS, {"bucket": bucket, "key": key, "limit": limit})).fetchall()


async def totals(connection: AsyncConnection, *, since: datetime) -> Totals:
    """The totals of the files received since that time."""
    async with connection.cursor(row_factory=class_row(Totals)) as cursor:
        found = await (await cursor.execute(_TOTALS, [since])).fetchone()
        return found or Totals(files=0, refused=0, rows_loaded=0, rows_rejected=0)


async def rejects(connection: AsyncConnection, file_id: int, *, after: int, limit: int) -> list[Reject]:
    """Rejected rows of a file after line `after`, by line number."""
    async with connection.cursor(row_factory=class_row(Reject)) as cursor:
        return await (await cursor.execute(_REJECTS, [file_id, after, limit])).fetchall()


async def orders(connection: AsyncConnection, *, before: datetime | None, before_id: str, limit: int) -> list[Order]:
    """Orders placed before `before`, or at that time with an id below `before_id`, newest first."""
    values = {"before": before or "infinity", "before_id": before_id, "limit": limit}
    async with connection.cursor(row_factory=class_row(Order)) as cursor:
        return await (await cursor.execute(_ORDERS, values)).fetchall()


async def orders_by_id(connection: AsyncConnection, *, prefix: str, after: str, limit: int) -> list[Order]:
    """Orders whose id starts with `prefix` and is greater than `after`, by id."""
    values = {"prefix": prefix, "after": after, "limit": limit}
    async with connection.cursor(row_factory=class_row(Order)) as cursor:
        return await (await cursor.execute(_ORDERS_BY_ID, values)).fetchall()


async def order(connection: AsyncConnection, order_id: str) -> Order | None:
    """The order with that id, if any."""
    async with connection.cursor(row_factory=class_row(Order)) as cursor:
        return await (await cursor.execute(_ORDER, [order_id])).fetchone()


async def last_order_time(connection: AsyncConnection, *, before: datetime) -> datetime | None:
    """When the last order before `before` was placed; None if there is none."""
    row = await (await connection.execute(_LAST_ORDER_TIME, [before])).fetchone()
    return row[0] if row else None


async def orders_per_day(connection: AsyncConnection, *, since: datetime, before: datetime) -> list[Day]:
    """The number of orders per day, without days that have no orders."""
    async with connection.cursor(row_factory=class_row(Day)) as cursor:
        return await (await cursor.execute(_ORDERS_PER_DAY, [since, before])).fetchall()
