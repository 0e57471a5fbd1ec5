"""Every question that the app asks the database; pages go by key, never by offset."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg import AsyncConnection
from psycopg.rows import class_row

HIGHEST_ID = 2**63 - 1

_FILE_COLUMNS = """
    file_id, bucket, key, version_id, uploaded_at, size_bytes, status, reason, rows_loaded, rows_rejected,
    received_at, finished_at
"""
_FILES = f"SELECT {_FILE_COLUMNS} FROM files WHERE file_id < %s ORDER BY file_id DESC LIMIT %s"  # noqa: S608 - of constants
_FILE = f"SELECT {_FILE_COLUMNS} FROM files WHERE file_id = %s"  # noqa: S608 - of constants
_REJECTS = """
    SELECT line_number, raw, reasons FROM rejected_rows
    WHERE file_id = %s AND line_number > %s ORDER BY line_number LIMIT %s
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
    status: str
    reason: str | None
    rows_loaded: int
    rows_rejected: int
    received_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Reject:
    """A row of a file that was not loaded."""

    line_number: int
    raw: str
    reasons: list[str]


async def answers(connection: AsyncConnection) -> None:
    """Ask something that needs no table; raises psycopg.OperationalError where there is no answer."""
    await connection.execute("SELECT 1")


async def files(connection: AsyncConnection, *, before: int, limit: int) -> list[File]:
    """The newest files whose id is lower than `before`, newest first."""
    async with connection.cursor(row_factory=class_row(File)) as cursor:
        return await (await cursor.execute(_FILES, [before, limit])).fetchall()


async def file(connection: AsyncConnection, file_id: int) -> File | None:
    """One file, None where there is none with that id."""
    async with connection.cursor(row_factory=class_row(File)) as cursor:
        return await (await cursor.execute(_FILE, [file_id])).fetchone()


async def rejects(connection: AsyncConnection, file_id: int, *, after: int, limit: int) -> list[Reject]:
    """The first rejected rows of a file that stand after line `after`."""
    async with connection.cursor(row_factory=class_row(Reject)) as cursor:
        return await (await cursor.execute(_REJECTS, [file_id, after, limit])).fetchall()
