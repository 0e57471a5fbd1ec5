"""Pages of files, rejected rows and orders, each with what the next one begins after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from psycopg import AsyncConnection

from . import queries
from .inputs import FileQuery, OrderQuery
from .queries import HIGHEST_ID, File, Order, Reject


@dataclass(frozen=True, kw_only=True)
class Files:
    """Files; `next_before` asks for those that follow, and is null at the end."""

    files: list[File]
    next_before: int | None


@dataclass(frozen=True, kw_only=True)
class Rejects:
    """Rejected rows by line; `next_after` asks for those that follow, and is null at the end."""

    rejects: list[Reject]
    next_after: int | None


@dataclass(frozen=True, kw_only=True)
class Orders:
    """Orders; `more` says whether others follow the last of them."""

    orders: list[Order]
    more: bool


async def files(connection: AsyncConnection, wanted: FileQuery, *, limit: int) -> Files:
    """A page of files."""
    before, status = wanted.before or HIGHEST_ID, wanted.status
    if wanted.search is None:
        found = await queries.files(connection, before=before, status=status, limit=limit + 1)
    else:
        search = wanted.search
        found = await queries.found_files(connection, search=search, before=before, status=status, limit=limit + 1)
    return Files(files=found[:limit], next_before=found[limit - 1].file_id if len(found) > limit else None)


async def rejects(connection: AsyncConnection, file_id: int, *, after: int, limit: int) -> Rejects:
    """A page of a file's rejected rows."""
    found = await queries.rejects(connection, file_id, after=after, limit=limit + 1)
    return Rejects(rejects=found[:limit], next_after=found[limit - 1].line_number if len(found) > limit else None)


async def orders(connection: AsyncConnection, wanted: OrderQuery, *, limit: int) -> Orders:
    """A page of orders."""
    if wanted.search is not None:
        found = await queries.orders_by_id(connection, prefix=wanted.search, after=wanted.after_id, limit=limit + 1)
    else:
        before, before_id = wanted.before, wanted.before_id
        if before is None and wanted.until is not None:
            before, before_id = _end_of(wanted.until), ""
        found = await queries.orders(connection, before=before, before_id=before_id, limit=limit + 1)
    return Orders(orders=found[:limit], more=len(found) > limit)


def _end_of(day: date) -> datetime | None:
    """The first moment after a day, None for the last day there is."""
    return None if day == date.max else datetime.combine(day + timedelta(days=1), time(), UTC)
