"""The content of the overview page, and the rows per day of each dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from psycopg_pool import AsyncConnectionPool

from . import queries, rows
from .cache import RefreshAheadCache
from .chart import Chart, bar_chart
from .queries import MAX_ID, File, Totals
from .rows import Day
from .tables import DatasetTable

DAYS = 28
NEWEST_FILES = 10
# Counting takes the database some milliseconds per hundred thousand rows, so a chart may be this old.
CHART_MAX_AGE_SECONDS = 10.0

Charts = Mapping[str, RefreshAheadCache[Chart | None]]


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Totals of today's files, the charts by the dataset's name, and the newest files."""

    today: Totals
    charts: dict[str, Chart | None]
    newest: list[File]


def cached_charts(pool: AsyncConnectionPool, tables: Mapping[str, DatasetTable]) -> Charts:
    """The chart of each dataset that has one; None while it has no rows."""
    return {
        name: RefreshAheadCache(partial(_chart, pool, table), max_age_seconds=CHART_MAX_AGE_SECONDS)
        for name, table in tables.items()
        if table.dataset.page.chart
    }


async def read_overview(pool: AsyncConnectionPool, charts: Charts) -> Overview:
    """The overview as of now."""
    # One after the other, and before this function takes a connection itself: the pool has few.
    found = {name: await cached.get() for name, cached in charts.items()}
    midnight = datetime.combine(_today(), time(), UTC)
    async with pool.connection() as connection:
        return Overview(
            today=await queries.totals(connection, since=midnight),
            charts=found,
            newest=await queries.files(connection, before=MAX_ID, status=None, dataset=None, limit=NEWEST_FILES),
        )


async def _chart(pool: AsyncConnectionPool, table: DatasetTable) -> Chart | None:
    """The chart of the `DAYS` days up to the last row, including days without rows."""
    async with pool.connection() as connection:
        last = await rows.last_day(connection, table, before=_today() + timedelta(days=1))
        if last is None:
            return None
        end = last + timedelta(days=1)
        start = end - timedelta(days=DAYS)
        counted = {each.day: each for each in await rows.rows_per_day(connection, table, since=start, before=end)}
    days = [start + timedelta(days=number) for number in range(DAYS)]
    return bar_chart([counted.get(day, Day(day=day, rows=0)) for day in days])


def _today() -> date:
    return datetime.now(UTC).date()
