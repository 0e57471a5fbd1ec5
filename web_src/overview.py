"""What the first page shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from . import queries
from .queries import HIGHEST_ID, Day, File, Received

DAYS = 28
NEWEST_FILES = 10
# To count weeks of orders takes the database milliseconds a hundred thousand; a curve may be this much behind.
DAYS_KEPT_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Today's files in sums, the newest of them, and the orders of each of the last days that have any."""

    today: Received
    days: list[Day]
    newest: list[File]


class Overviews:
    """Reads overviews, and keeps the days' counts for some seconds."""

    def __init__(self, pool: AsyncConnectionPool, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._pool = pool
        self._now = now
        self._days: list[Day] = []
        self._days_until = 0.0

    async def read(self) -> Overview:
        """What there is now."""
        today = _midnight(self._now().date())
        async with self._pool.connection() as connection:
            if time.monotonic() >= self._days_until:
                self._days = await _last_days(connection, tomorrow=today + timedelta(days=1))
                self._days_until = time.monotonic() + DAYS_KEPT_SECONDS
            return Overview(
                today=await queries.received(connection, since=today),
                days=self._days,
                newest=await queries.files(connection, before=HIGHEST_ID, status=None, limit=NEWEST_FILES),
            )


async def _last_days(connection: AsyncConnection, *, tomorrow: datetime) -> list[Day]:
    """Every day of the weeks that end with the last order, days without orders included; empty where there is none."""
    last = await queries.last_order(connection, before=tomorrow)
    if last is None:
        return []
    end = _midnight(last.astimezone(UTC).date()) + timedelta(days=1)
    start = end - timedelta(days=DAYS)
    counted = {each.day: each for each in await queries.orders_per_day(connection, since=start, before=end)}
    days = [(start + timedelta(days=number)).date() for number in range(DAYS)]
    return [counted.get(day, Day(day=day, orders=0)) for day in days]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time_of_day(), UTC)
