"""The permissions of the database role `operations`."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.database.conftest import WRITES, Shop


@pytest.mark.parametrize("statement", [*WRITES, "DELETE FROM rejected_rows"])
def test_operations_cannot_write_even_after_it_lifts_its_read_only_default(shared_shop: Shop, statement: str) -> None:
    with shared_shop.connect("operations") as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize("table", ["files", "orders", "rejected_rows"])
def test_operations_reads_every_table(shared_shop: Shop, table: str) -> None:
    with shared_shop.connect("operations") as connection:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


@pytest.mark.parametrize("column", ["order_id", "customer_email", "notes"])
def test_operations_counts_orders_and_cannot_read_them(shared_shop: Shop, column: str) -> None:
    with shared_shop.connect("operations") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"SELECT {column} FROM orders")


def test_operations_has_its_timeouts(shared_shop: Shop) -> None:
    assert shared_shop.settings(
        "operations", "statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"
    ) == [
        "30s",
        "1min",
        "0",
    ]
