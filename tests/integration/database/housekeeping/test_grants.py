"""The permissions of the database role `housekeeping`."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.database.conftest import WRITES, Shop


@pytest.mark.parametrize(
    "statement",
    [*WRITES, "SELECT raw FROM rejected_rows", "SELECT reasons FROM rejected_rows", "SELECT key FROM files",
     "SELECT order_id FROM orders"],
)  # fmt: skip
def test_housekeeping_can_neither_write_tables_nor_read_their_contents(shared_shop: Shop, statement: str) -> None:
    with shared_shop.connect("housekeeping") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_housekeeping_has_its_timeouts(shared_shop: Shop) -> None:
    names = ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout")
    assert shared_shop.settings("housekeeping", *names) == ["1min", "1min", "5s"]
