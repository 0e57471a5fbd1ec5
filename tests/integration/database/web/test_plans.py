"""Every query of the web app uses an index and reads few blocks, with a million rows in each table."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest
from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import tuple_row
from psycopg.sql import Composable

from local_cloud.postgres import LocalPostgres
from tests.integration.database.conftest import ADMINISTRATOR, DATASETS, PASSWORD, Shop
from web_src import queries, rows
from web_src.queries import MAX_ID, Status
from web_src.tables import DatasetTable

ROWS, FILES, REJECTS = 1_000_000, 100_000, 200_000
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
# Of 8 KiB each. A list reads some dozens, totals of many rows some hundreds.
MAX_BLOCKS = 1_000

TABLES = {name: DatasetTable(dataset) for name, dataset in DATASETS.items()}

# A year of orders, ten of them with each timestamp; returns of a year, in the order of their days, as they are sent; a
# file every five minutes, of which one in a thousand was deleted, and one in five hundred belongs to returns.
FILL = f"""
    INSERT INTO files (bucket, key, version_id, dataset, uploaded_at, status, received_at)
    SELECT 'landing', 'incoming/often.csv', 'v' || n, 'orders', at, 'superseded', at
    FROM generate_series(1, 2000) AS n, LATERAL (SELECT timestamptz '{NOW}' - interval '400 days' AS at) AS time;
    INSERT INTO files (bucket, key, version_id, dataset, uploaded_at, status, rows_loaded, received_at, finished_at)
    SELECT 'landing',
           'incoming/' || md5(n::text) || CASE WHEN n % 3 = 0 THEN '/weekly' ELSE '/orders' END || n || '.csv',
           'v' || n, CASE WHEN n % 500 = 7 THEN 'returns' ELSE 'orders' END, at,
           CASE WHEN n % 1000 = 0 THEN 'deleted' WHEN n % 50 = 0 THEN 'refused' ELSE 'loaded' END,
           10, at, at
    FROM generate_series({FILES}, 1, -1) AS n,
         LATERAL (SELECT timestamptz '{NOW}' - n * interval '5 minutes' AS at) AS time;
    INSERT INTO orders
    SELECT 'A-' || lpad(n::text, 7, '0'), 'ada@example.com', 'MUG', 1, 12.50, 'EUR',
           timestamptz '{NOW}' - (n * 7919 % {ROWS // 10}) * interval '315 seconds', NULL,
           CASE WHEN n > {ROWS} * 7 / 10 THEN 3 ELSE 1 END
    FROM generate_series(1::bigint, {ROWS}) AS n;
    INSERT INTO returns
    SELECT 'R-' || lpad((n / 4)::text, 7, '0'), 1 + n % 4, 'A-' || n, 'MUG', 1, 'damaged',
           date '{NOW:%Y-%m-%d}' - ({ROWS} - n) / {ROWS // 365}, 1
    FROM generate_series(1, {ROWS}) AS n;
    INSERT INTO customers
    SELECT 'ada' || n || '@example.com', 'Ada', NULL, 'DE', NULL, true, timestamptz '{NOW}', 1
    FROM generate_series(1, 100000) AS n;
    INSERT INTO products
    SELECT 'SKU-' || lpad(n::text, 7, '0'), 'Mug ' || n, 12.5, NULL, true, '{{"colour": "red"}}', 1
    FROM generate_series(1, {ROWS}) AS n;
    INSERT INTO withdrawals
    SELECT file_id, timestamptz '{NOW}', 'arn:ada', 'wrong' FROM files WHERE file_id <= 2000;
    INSERT INTO rejected_rows
    SELECT 1 + n % 2, n, 'x', ARRAY['y'] FROM generate_series(1, {REJECTS}) AS n;
"""

ORDERS, RETURNS, PRODUCTS, CUSTOMERS = (TABLES[name] for name in ("orders", "returns", "products", "customers"))
TOMORROW = NOW.date() + timedelta(days=1)


# By query: the arguments, one set for each kind of request that pages and the API accept.
ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "files": [
        {"before": before, "status": status, "dataset": dataset, "limit": 501}
        for before in (MAX_ID, 50_000)
        for status, dataset in (
            *((status, None) for status in (None, *get_args(Status))),
            *((None, dataset) for dataset in ("orders", "returns", "none")),
            ("loaded", "returns"),
        )
    ],
    "search_files": [
        {"search": search, "before": before, "status": None, "dataset": None, "limit": 501}
        for before in (MAX_ID, 50_000)
        for search in (
            *("orders", "Weekly9", "orders99998.csv", "none", "caf\u00e9"),
            *("incoming/", "incoming/00", "incoming/none", "incoming/often.csv", "incoming/\u00e9"),
        )
    ],
    "file": [{"file_id": 7}],
    "withdrawal": [{"file_id": 7}],
    "versions": [{"bucket": "landing", "key": key, "limit": 21} for key in ("incoming/often.csv", "incoming/none")],
    "totals": [{"since": NOW - timedelta(hours=hours)} for hours in (0, 24)],
    "rejects": [{"file_id": 1, "after": after, "limit": 501} for after in (0, 100_000, MAX_ID)],
    "newest": [
        *(
            {"table": ORDERS, "after": after, "until": until, "limit": 501}
            for after in (None, *((NOW - timedelta(days=days), "A-0500000") for days in (100, 1000)))
            for until in (None, NOW.date() - timedelta(days=99), date.max)
        ),
        *(
            {"table": RETURNS, "after": after, "until": until, "limit": 501}
            for after in (None, *((NOW.date() - timedelta(days=days), "R-0180000", 2) for days in (100, 1000)))
            for until in (None, NOW.date() - timedelta(days=99), date.max)
        ),
    ],
    "by_key": [
        *(
            {"table": ORDERS, "search": search, "after": after, "limit": 501}
            for search in ("A-", "A-05", "A-0500000", "none")
            for after in (None, ("A-0500000",))
        ),
        *(
            {"table": RETURNS, "search": search, "after": after, "limit": 501}
            for search in ("R-", "R-01", "R-0100000", "none")
            for after in (None, ("R-0100000", 2))
        ),
        *(
            {"table": PRODUCTS, "search": search, "after": after, "limit": 501}
            for search in (None, "SKU-05")
            for after in (None, ("SKU-0500000",))
        ),
    ],
    "of_file": [
        *(
            {"table": table, "file_id": file_id, "after": after, "limit": 51}
            for table in TABLES.values()
            for file_id, after in ((1, 0), (1, 100 << 16), (2, 0))
        ),
        # Few of the table's rows, and most of them far behind.
        *({"table": ORDERS, "file_id": 3, "after": after, "limit": 51} for after in (0, 1 << 16)),
    ],
    "one": [
        *({"table": ORDERS, "key": {"order_id": order_id}} for order_id in ("A-0500000", "none")),
        *({"table": RETURNS, "key": {"return_id": "R-0100000", "line": line}} for line in (2, 7)),
        {"table": CUSTOMERS, "key": {"email": "ada@example.com"}},
    ],
    "last_day": [{"table": table, "before": TOMORROW} for table in (ORDERS, RETURNS)],
    "rows_per_day": [
        {"table": table, "since": TOMORROW - timedelta(days=28), "before": TOMORROW} for table in (ORDERS, RETURNS)
    ],
}


def query_of(name: str) -> Callable[..., Awaitable[object]]:
    """The function of that name in the app's modules of queries."""
    function: Callable[..., Awaitable[object]] = getattr(queries if hasattr(queries, name) else rows, name)
    return function


class ExplainingCursor(AsyncCursor[Any]):
    """Records the plan of each statement before executing it."""

    async def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Explain, then execute."""
        plain = AsyncCursor(self.connection, row_factory=tuple_row)
        text = query.as_string(self.connection) if isinstance(query, Composable) else query
        await plain.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}", params)
        row = await plain.fetchone()
        assert row is not None
        _plans.append(row[0][0]["Plan"])
        return await super().execute(query, params, **options)


_plans: list[dict[str, Any]] = []


@pytest.fixture(scope="module")
def full_shop(postgres: LocalPostgres) -> Shop:
    """A database with a million rows of three datasets."""
    shop = Shop(server=postgres.server, name="full_shop")
    postgres.server.create_master_user(ADMINISTRATOR, PASSWORD, database=shop.name)
    shop.migrate()
    with shop.connect() as connection:
        connection.execute(FILL)
        connection.execute("VACUUM ANALYZE")
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
    found = {
        name
        for module in (queries, rows)
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    assert found == set(ARGUMENTS)


@pytest.mark.parametrize("query", ARGUMENTS)
def test_a_query_uses_an_index_and_reads_few_blocks(full_shop: Shop, query: str) -> None:
    for arguments in ARGUMENTS[query]:
        plans = _explain(full_shop, query_of(query), arguments)
        assert plans
        scans = [node for plan in plans for node in _nodes(plan) if node["Node Type"] == "Seq Scan"]
        assert not scans, f"{arguments}: {scans}"
        blocks = sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans)
        assert blocks <= MAX_BLOCKS, f"{arguments} read {blocks} blocks: {plans}"


@pytest.mark.parametrize("status", get_args(Status))
def test_a_search_filtered_by_status_is_fast_even_if_few_files_match(full_shop: Shop, status: str) -> None:
    arguments = {"search": "orders", "before": MAX_ID, "status": status, "dataset": "orders", "limit": 501}
    (plan,) = _explain(full_shop, queries.search_files, arguments)
    assert "Seq Scan" not in {node["Node Type"] for node in _nodes(plan)}
    assert plan["Actual Total Time"] < 1000  # milliseconds; the role's statement timeout is 5 s


def test_these_checks_detect_a_query_without_an_index(full_shop: Shop) -> None:
    async def by_customer(connection: AsyncConnection[Any]) -> None:
        await connection.execute("SELECT count(*) FROM orders WHERE customer_email = 'nobody'")

    (plan,) = _explain(full_shop, by_customer, {})
    assert "Seq Scan" in {node["Node Type"] for node in _nodes(plan)}


def test_rows_with_the_same_timestamp_are_paged_well_within_the_statement_timeout(full_shop: Shop) -> None:
    async def page() -> float:
        url = full_shop.url()
        async with await AsyncConnection.connect(url, autocommit=False, prepare_threshold=None) as connection:
            update = "UPDATE orders SET ordered_at = %s WHERE order_id < 'A-0100000'"
            await connection.execute(update, [NOW + timedelta(days=9)])
            await connection.execute("ANALYZE orders")
            started = time.monotonic()
            after = (NOW + timedelta(days=9), "A-0050000")
            found = await rows.newest(connection, ORDERS, after=after, until=None, limit=51)
            assert found[0]["order_id"] == "A-0049999"
            await connection.rollback()
        return time.monotonic() - started

    assert asyncio.run(page()) < 2  # seconds; the role's statement timeout is 5 s
