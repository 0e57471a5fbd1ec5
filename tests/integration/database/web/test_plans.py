"""Every query of the web app uses an index and reads few blocks, with a million orders in the database."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import psycopg
import pytest
from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import tuple_row

from local_cloud.postgres import LocalPostgres
from tests.integration.database.conftest import ADMINISTRATOR, PASSWORD, Shop
from web_src import queries
from web_src.queries import MAX_ID, Status

ORDERS, FILES, REJECTS = 1_000_000, 100_000, 200_000
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
# Of 8 KiB each. A list reads some dozens, totals of many rows some hundreds.
MAX_BLOCKS = 1_000

# A year of orders, ten of them with each timestamp; a file every five minutes, of which one in a thousand was deleted.
FILL = f"""
    INSERT INTO files (bucket, key, version_id, uploaded_at, status, received_at)
    SELECT 'landing', 'incoming/often.csv', 'v' || n, at, 'superseded', at
    FROM generate_series(1, 2000) AS n, LATERAL (SELECT timestamptz '{NOW}' - interval '400 days' AS at) AS time;
    INSERT INTO files (bucket, key, version_id, uploaded_at, status, rows_loaded, received_at, finished_at)
    SELECT 'landing',
           'incoming/' || md5(n::text) || CASE WHEN n % 3 = 0 THEN '/weekly' ELSE '/orders' END || n || '.csv',
           'v' || n, at,
           CASE WHEN n % 1000 = 0 THEN 'deleted' WHEN n % 50 = 0 THEN 'refused' ELSE 'loaded' END,
           10, at, at
    FROM generate_series({FILES}, 1, -1) AS n,
         LATERAL (SELECT timestamptz '{NOW}' - n * interval '5 minutes' AS at) AS time;
    INSERT INTO orders
    SELECT 'A-' || lpad(n::text, 7, '0'), 'ada@example.com', 'MUG', 1, 12.50, 'EUR',
           timestamptz '{NOW}' - (n * 7919 % {ORDERS // 10}) * interval '315 seconds', NULL, 1
    FROM generate_series(1::bigint, {ORDERS}) AS n;
    INSERT INTO rejected_rows
    SELECT 1 + n % 2, n, 'x', ARRAY['y'] FROM generate_series(1, {REJECTS}) AS n;
"""

# By query: the arguments, one set for each kind of request that pages and the API accept.
ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "files": [
        {"before": before, "status": status, "limit": 501}
        for before in (MAX_ID, 50_000)
        for status in (None, *get_args(Status))
    ],
    "search_files": [
        {"search": search, "before": before, "status": None, "limit": 501}
        for before in (MAX_ID, 50_000)
        for search in (
            *("orders", "Weekly9", "orders99998.csv", "none"),
            *("incoming/", "incoming/00", "incoming/none", "incoming/often.csv"),
        )
    ],
    "file": [{"file_id": 7}],
    "versions": [{"bucket": "landing", "key": key, "limit": 21} for key in ("incoming/often.csv", "incoming/none")],
    "totals": [{"since": NOW - timedelta(hours=hours)} for hours in (0, 24)],
    "rejects": [{"file_id": 1, "after": after, "limit": 501} for after in (0, 100_000, MAX_ID)],
    "orders": [
        {"before": before, "before_id": "A-0500000", "limit": 501}
        for before in (None, NOW - timedelta(days=100), NOW - timedelta(days=1000))
    ],
    "orders_by_id": [
        {"prefix": prefix, "after": after, "limit": 501}
        for prefix in ("A-", "A-05", "A-0500000", "none")
        for after in ("", "A-0500000")
    ],
    "order": [{"order_id": order_id} for order_id in ("A-0500000", "none")],
    "last_order_time": [{"before": NOW + timedelta(days=1)}],
    "orders_per_day": [{"since": NOW - timedelta(days=28), "before": NOW + timedelta(days=1)}],
}


class ExplainingCursor(AsyncCursor[Any]):
    """Records the plan of each statement before executing it."""

    async def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Explain, then execute."""
        plain = AsyncCursor(self.connection, row_factory=tuple_row)
        await plain.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", params)
        row = await plain.fetchone()
        assert row is not None
        _plans.append(row[0][0]["Plan"])
        return await super().execute(query, params, **options)


_plans: list[dict[str, Any]] = []


@pytest.fixture(scope="module")
def full_shop(postgres: LocalPostgres) -> Shop:
    """A database with a million orders."""
    shop = Shop(server=postgres.server, name="full_shop")
    postgres.server.create_master_user(ADMINISTRATOR, PASSWORD, database=shop.name)
    shop.migrate()
    with shop.connect() as connection:
        connection.execute(FILL)
        connection.execute("VACUUM ANALYZE files, orders, rejected_rows")
    return shop


@asynccontextmanager
async def _explaining(shop: Shop) -> AsyncIterator[AsyncConnection[Any]]:
    """A connection like the pool's, which records the plan of each statement."""
    async with await AsyncConnection.connect(shop.url("web"), autocommit=True, prepare_threshold=None) as connection:
        connection.cursor_factory = ExplainingCursor
        yield connection


def _explain(shop: Shop, query: Callable[..., Awaitable[object]], arguments: dict[str, Any]) -> list[dict[str, Any]]:
    async def run() -> None:
        async with _explaining(shop) as connection:
            await query(connection, **arguments)

    _plans.clear()
    asyncio.run(run())
    return list(_plans)


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in _nodes(child))]


def test_every_query_is_tested() -> None:
    functions = inspect.getmembers(queries, inspect.iscoroutinefunction)
    assert {name for name, function in functions if function.__module__ == queries.__name__} == set(ARGUMENTS)


@pytest.mark.parametrize("query", ARGUMENTS)
def test_a_query_uses_an_index_and_reads_few_blocks(full_shop: Shop, query: str) -> None:
    for arguments in ARGUMENTS[query]:
        plans = _explain(full_shop, getattr(queries, query), arguments)
        assert len(plans) == 1
        scans = [node for node in _nodes(plans[0]) if node["Node Type"] == "Seq Scan"]
        assert not scans, f"{arguments}: {scans}"
        blocks = plans[0]["Shared Hit Blocks"] + plans[0]["Shared Read Blocks"]
        assert blocks <= MAX_BLOCKS, f"{arguments} read {blocks} blocks: {plans[0]}"


@pytest.mark.parametrize("status", get_args(Status))
def test_a_search_filtered_by_status_is_fast_even_if_few_files_match(full_shop: Shop, status: str) -> None:
    arguments = {"search": "orders", "before": MAX_ID, "status": status, "limit": 501}
    (plan,) = _explain(full_shop, queries.search_files, arguments)
    assert "Seq Scan" not in {node["Node Type"] for node in _nodes(plan)}
    assert plan["Actual Total Time"] < 1000  # milliseconds; the role's statement timeout is 5 s


def test_these_checks_detect_a_query_without_an_index(full_shop: Shop) -> None:
    async def by_customer(connection: AsyncConnection[Any]) -> None:
        await connection.execute("SELECT count(*) FROM orders WHERE customer_email = 'nobody'")

    (plan,) = _explain(full_shop, by_customer, {})
    assert "Seq Scan" in {node["Node Type"] for node in _nodes(plan)}


def test_orders_with_the_same_timestamp_are_paged_well_within_the_statement_timeout(full_shop: Shop) -> None:
    with psycopg.connect(full_shop.url(), autocommit=False) as connection:
        connection.execute("UPDATE orders SET ordered_at = %s WHERE order_id < 'A-0100000'", [NOW + timedelta(days=9)])
        connection.execute("ANALYZE orders")
        started = datetime.now(UTC)
        connection.execute(
            queries._ORDERS, {"before": NOW + timedelta(days=9), "before_id": "A-0050000", "limit": 51}
        ).fetchall()  # fmt: skip
        connection.rollback()
    assert (datetime.now(UTC) - started).total_seconds() < 2  # the role's statement timeout is 5 s
