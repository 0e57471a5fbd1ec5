"""Pages of files, rejected rows and a dataset's rows, each with the cursor of the next page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from . import queries, rows
from .inputs import PAGE_ROWS, FileQuery, RowQuery
from .queries import MAX_ID, File, Reject
from .tables import DatasetTable, Row, last_included_day


@dataclass(frozen=True, kw_only=True)
class Files:
    """One page of files. Pass `next_before` as `before` to get the next page; null on the last page."""

    files: list[File]
    next_before: int | None


@dataclass(frozen=True, kw_only=True)
class RejectedRows:
    """One page of rejected rows. Pass `next_after` as `after` to get the next page; null on the last page."""

    rejects: list[Reject]
    next_after: int | None


@dataclass(frozen=True, kw_only=True)
class DatasetRows:
    """One page of a dataset's rows. Pass `next_after` as `after` to get the next page; null on the last page."""

    rows: list[Row]
    next_after: str | None


@dataclass(frozen=True, kw_only=True)
class FileRows:
    """One page of the rows that came from a file. Pass `next_after` as `after` to get the next page."""

    rows: list[Row]
    next_after: int | None


async def files(connection: AsyncConnection, query: FileQuery) -> Files:
    """One page of files."""
    before, limit = query.before or MAX_ID, query.limit
    filters: dict[str, Any] = {"before": before, "status": query.status, "dataset": query.dataset, "limit": limit + 1}
    if query.search is None:
        found = await queries.files(connection, **filters)
    else:
        found = await queries.search_files(connection, search=query.search, **filters)
    return Files(files=found[:limit], next_before=found[limit - 1].file_id if len(found) > limit else None)


async def rejects(connection: AsyncConnection, file_id: int, *, after: int, limit: int) -> RejectedRows:
    """One page of a file's rejected rows."""
    found = await queries.rejects(connection, file_id, after=after, limit=limit + 1)
    return RejectedRows(rejects=found[:limit], next_after=found[limit - 1].line_number if len(found) > limit else None)


async def file_rows(connection: AsyncConnection, table: DatasetTable, file_id: int, *, after: int) -> FileRows:
    """One page of the rows that came from a file."""
    found = await rows.of_file(connection, table, file_id, after=after, limit=PAGE_ROWS + 1)
    return FileRows(
        rows=found[:PAGE_ROWS], next_after=found[PAGE_ROWS - 1]["place"] if len(found) > PAGE_ROWS else None
    )


async def dataset_rows(connection: AsyncConnection, table: DatasetTable, query: RowQuery) -> DatasetRows:
    """One page of a dataset's rows. Raises RequestValidationError if `after` is not a cursor of this query."""
    after, limit = table.read_cursor(query), query.limit
    if table.newest_first and query.search is None:
        day = last_included_day(query)
        found = await rows.newest(connection, table, after=after, until=day, limit=limit + 1)
    else:
        found = await rows.by_key(connection, table, search=query.search, after=after, limit=limit + 1)
    next_after = table.cursor(found[limit - 1], query) if len(found) > limit else None
    return DatasetRows(rows=found[:limit], next_after=next_after)
