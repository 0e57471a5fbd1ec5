"""The permissions of the database role `web`."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.database.conftest import WRITES, Shop


@pytest.mark.parametrize("table", ["files", "orders", "rejected_rows"])
def test_web_can_read_every_table_without_naming_its_schema(shared_shop: Shop, table: str) -> None:
    with shared_shop.connect("web") as connection:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


@pytest.mark.parametrize("statement", [*WRITES, "DELETE FROM rejected_rows"])
def test_web_cannot_write_even_if_it_turns_off_its_read_only_default(shared_shop: Shop, statement: str) -> None:
    with shared_shop.connect("web") as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_web_has_its_timeouts(shared_shop: Shop) -> None:
    assert shared_shop.settings("web", "statement_timeout", "idle_in_transaction_session_timeout") == ["5s", "1min"]
