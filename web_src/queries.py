"""The queries of files and rejected rows. Each one uses an index; pages are found by key, never by offset."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from unicodedata import normalize

from psycopg import AsyncConnection
from psycopg.rows import class_row

MAX_ID = 2**63 - 1
Status = Literal["loaded", "refused", "superseded", "deleted", "ignored", "withdrawn"]

_FILE_COLUMNS = """
    file_id, bucket, key, version_id, dataset, uploaded_at, size_bytes, status, reason, rows_loaded, rows_rejected,
    received_at, finished_at
"""
# Statements are not prepared, so the planner drops a condition whose parameter is null.
_FILTERS = """
    (%(status)s::text IS NULL OR status = %(status)s) AND (%(dataset)s::text IS NULL OR dataset = %(dataset)s)
"""
_FILES = f"""
    SELECT {_FILE_COLUMNS} FROM files WHERE file_id < %(before)s AND {_FILTERS} ORDER BY file_id DESC LIMIT %(limit)s
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
            WHERE {text} >= {prefix} AND {_FILTERS}
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
_WITHDRAWAL = "SELECT withdrawn_at, withdrawn_by, reason FROM withdrawals WHERE file_id = %s"
_TOTALS = """
    SELECT count(*) FILTER (WHERE status <> 'ignored')::bigint AS files,
           count(*) FILTER (WHERE status = 'refused')::bigint AS refused,
           coalesce(sum(rows_loaded), 0)::bigint AS rows_loaded,
           coalesce(sum(rows_rejected), 0)::bigint AS rows_rejected
    FROM files WHERE received_at >= %s
"""
_REJECTS = """
    SELECT line_number, raw, reasons, fields FROM rejected_rows
    WHERE file_id = %s AND line_number > %s ORDER BY line_number LIMIT %s
"""


@dataclass(frozen=True, kw_only=True)
class File:
    """One version of a file, and the result of processing it. Files outside the datasets' folders have no dataset."""

    file_id: int
    bucket: str
    key: str
    version_id: str
    dataset: str | None
    uploaded_at: datetime
    size_bytes: int | None
    status: Status
    reason: str | None
    rows_loaded: int
    rows_rejected: int
    received_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Withdrawal:
    """Who withdrew a file, when and why."""

    withdrawn_at: datetime
    withdrawn_by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The totals of the files received since some time."""

    files: int
    refused: int
    rows_loaded: int
    rows_rejected: int


@dataclass(frozen=True, kw_only=True)
class Reject:
    """A row that was not loaded, and why. `fields` has its values by their names in the file, if it has values."""

    line_number: int
    raw: str
    reasons: list[str]
    fields: dict[str, str] | None


async def files(
    connection: AsyncConnection, *, before: int, status: Status | None, dataset: str | None, limit: int
) -> list[File]:
    """Files with an id below `before`, newest first."""
    values = {"before": before, "status": status, "dataset": dataset, "limit": limit}
    async with connection.cursor(row_factory=class_row(File)) as cursor:
        return await (await cursor.execute(_FILES, values)).fetchall()


async def search_files(
    connection: AsyncConnection, *, search: str, before: int, status: Status | None, dataset: str | None, limit: int
) -> list[File]:
    """Files whose name starts with `search`, ignoring case.

    If `search` contains a slash, files whose key starts with `search` instead.

    Sorted by name or key in descending order, so that dated names come newest first; files of the same name newest
    first. If a file with the id `before` exists, only files that follow that file in this order. `search` is also found
    in composed and decomposed Unicode: keyboards type "é" as one character, and macOS stores "é" as two characters.
    """
    forms = list(dict.fromkeys((search, normalize("NFC", search), normalize("NFD", search))))
    values = {"forms": forms, "before": before, "status": status, "dataset": dataset, "limit": limit}
    async with connection.cursor(row_factory=class_row(File)) as cursor:
        return await (await cursor.execute(_FILES_BY_KEY if "/" in search else _FILES_BY_NAME, values)).fetchall()


async def file(connection: AsyncConnection, file_id: int) -> File | None:
    """The file with that id, if any."""
    async with connection.cursor(row_factory=class_row(File)) as cursor:
        return await (await cursor.execute(_FILE, [file_id])).fetchone()


async def withdrawal(connection: AsyncConnection, file_id: int) -> Withdrawal | None:
    """The withdrawal of the file, if it was withdrawn."""
    async with connection.cursor(row_factory=class_row(Withdrawal)) as cursor:
        return await (await cursor.execute(_WITHDRAWAL, [file_id])).fetchone()


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
