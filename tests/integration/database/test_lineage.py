"""The rows of a file are found by an index, in the table of every dataset."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from local_cloud.postgres import LocalPostgres
from tests.integration.database.conftest import ADMINISTRATOR, DATASETS, PASSWORD, Shop

ROWS, FILES = 300_000, 300
FILL = {
    "orders": "'A-' || n, 'ada@example.com', 'MUG', 1, 12.50, 'EUR', now(), NULL",
    "customers": "'ada' || n || '@example.com', 'Ada', NULL, 'DE', NULL, true, now()",
    "products": "'SKU-' || n, 'Mug', 12.5, NULL, true, NULL",
    "returns": "'R-' || n, 1, 'A-' || n, 'MUG', 1, 'damaged', current_date",
}


@pytest.fixture(scope="module")
def filled(postgres: LocalPostgres) -> Shop:
    """Tables with the rows of many files, of which the last ones have not been vacuumed."""
    postgres.server.create_master_user(ADMINISTRATOR, PASSWORD, database="lineage")
    shop = Shop(server=postgres.server, name="lineage")
    shop.migrate()
    with shop.connect() as owner:
        for table, values in FILL.items():
            insert = f"INSERT INTO {table} SELECT {values}, 1 + n * {FILES} / {ROWS} FROM generate_series({{}}) AS n"
            owner.execute(insert.format(f"0, {ROWS * 9 // 10 - 1}").encode())
            owner.execute(f"VACUUM ANALYZE {table}".encode())
            owner.execute(insert.format(f"{ROWS * 9 // 10}, {ROWS - 1}").encode())
    return shop


def _plan(connection: psycopg.Connection, query: str) -> Any:
    row = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}".encode()).fetchone()
    assert row is not None
    return row[0][0]["Plan"]


def test_every_dataset_is_filled_here() -> None:
    assert set(FILL) == set(DATASETS)


@pytest.mark.parametrize("table", DATASETS)
def test_the_rows_of_a_file_are_found_without_reading_the_table(filled: Shop, table: str) -> None:
    with filled.connect() as owner:
        plan = _plan(owner, f"SELECT * FROM {table} WHERE file_id = 7")
        ((blocks,),) = owner.execute(f"SELECT pg_relation_size('{table}') / 8192").fetchall()
    assert plan["Actual Rows"] == ROWS / FILES
    assert f"{table}_file_id" in json.dumps(plan)
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < blocks / 3
