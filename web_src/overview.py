"""The content of the overview page."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from . import queries
from .queries import MAX_ID, Day, File, Totals

DAYS = 28
NEWEST_FILES = 10
# Counting four weeks of orders takes the database milliseconds per hundred thousand, so the chart may be this old.
DAYS_MAX_AGE_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Totals of today's files, orders per day for the chart, and the newest files."""

    today: Totals
    days: list[Day]
    newest: list[File]


class OverviewReader:
    """Reads overviews from the database, and caches the orders per day for some seconds."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool
        self._days: list[Day] = []
        self._days_expire = 0.0

    async def read(self) -> Overview:
        """The overview as of now."""
        today = _midnight(datetime.now(UTC).date())
        async with self._pool.connection() as connection:
            if time.monotonic() >= self._days_expire:
                self._days = await _last_days(connection, tomorrow=today + timedelta(days=1))
                self._days_expire = time.monotonic() + DAYS_MAX_AGE_SECONDS
            return Overview(
                today=await queries.totals(connection, since=today),
                days=self._days,
                newest=await queries.files(connection, before=MAX_ID, status=None, limit=NEWEST_FILES),
            )


async def _last_days(connection: AsyncConnection, *, tomorrow: datetime) -> list[Day]:
    """The `DAYS` days up to the last order, including days without orders; empty if there are no orders."""
    last = await queries.last_order_time(connection, before=tomorrow)
    if last is None:
        return []
    end = _midnight(last.astimezone(UTC).date()) + timedelta(days=1)
    start = end - timedelta(days=DAYS)
    counted = {each.day: each for each in await queries.orders_per_day(connection, since=start, before=end)}
    days = [(start + timedelta(days=number)).date() for number in range(DAYS)]
    return [counted.get(day, Day(day=day, orders=0)) for day in days]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time_of_day(), UTC)
