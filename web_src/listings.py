"""Pages of files, rejected rows and orders, each with the cursor of the next page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from psycopg import AsyncConnection

from . import queries
from .inputs import FileQuery, OrderQuery
from .queries import MAX_ID, File, Order, Reject


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
class Orders:
    """One page of orders, and whether there are more."""

    orders: list[Order]
    more: bool


async def files(connection: AsyncConnection, query: FileQuery, *, limit: int) -> Files:
    """One page of files."""
    before, status = query.before or MAX_ID, query.status
    if query.search is None:
        found = await queries.files(connection, before=before, status=status, limit=limit + 1)
    else:
        search = query.search
        found = await queries.search_files(connection, search=search, before=before, status=status, limit=limit + 1)
    return Files(files=found[:limit], next_before=found[limit - 1].file_id if len(found) > limit else None)


async def rejects(connection: AsyncConnection, file_id: int, *, after: int, limit: int) -> RejectedRows:
    """One page of a file's rejected rows."""
    found = await queries.rejects(connection, file_id, after=after, limit=limit + 1)
    return RejectedRows(rejects=found[:limit], next_after=found[limit - 1].line_number if len(found) > limit else None)


async def orders(connection: AsyncConnection, query: OrderQuery, *, limit: int) -> Orders:
    """One page of orders."""
    if query.search is not None:
        found = await queries.orders_by_id(connection, prefix=query.search, after=query.after_id, limit=limit + 1)
    else:
        before, before_id = query.before, query.before_id
        if before is None and query.until is not None:
            before, before_id = _end_of(query.until), ""
        found = await queries.orders(connection, before=before, before_id=before_id, limit=limit + 1)
    return Orders(orders=found[:limit], more=len(found) > limit)


def _end_of(day: date) -> datetime | None:
    """The start of the next day, or None for the last day that `date` can represent."""
    return None if day == date.max else datetime.combine(day + timedelta(days=1), time(), UTC)
