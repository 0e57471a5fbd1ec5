"""What the roles of operations and housekeeping may do, tried out."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.database.conftest import Shop

WRITES = [
    "INSERT INTO files (bucket, key, version_id, uploaded_at, status) VALUES ('b', 'k', 'v', now(), 'loaded')",
    "UPDATE files SET status = 'deleted'",
    "DELETE FROM files",
    "INSERT INTO orders SELECT * FROM orders",
    "UPDATE orders SET notes = ''",
    "DELETE FROM orders",
    "INSERT INTO rejected_rows VALUES (1, 1, '', '{x}')",
    "UPDATE rejected_rows SET raw = ''",
    "TRUNCATE rejected_rows",
    "DROP TABLE orders",
    "ALTER TABLE files ADD extra int",
    "CREATE TABLE mine (id int)",
    "CREATE TEMPORARY TABLE mine (id int)",
    "SELECT * FROM alembic_version",
    "SET ROLE administrator",
    "SET ROLE ingestion",
]


@pytest.mark.parametrize("statement", [*WRITES, "DELETE FROM rejected_rows"])
def test_operations_can_not_write_even_where_it_lifts_its_own_read_only_default(shop: Shop, statement: str) -> None:
    with shop.connect("operations") as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize("table", ["files", "orders", "rejected_rows"])
def test_operations_reads_every_table(shop: Shop, table: str) -> None:
    with shop.connect("operations") as connection:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


@pytest.mark.parametrize("column", ["order_id", "customer_email", "notes"])
def test_operations_counts_orders_and_can_not_read_them(shop: Shop, column: str) -> None:
    with shop.connect("operations") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"SELECT {column} FROM orders")


@pytest.mark.parametrize(
    "statement",
    [*WRITES, "SELECT raw FROM rejected_rows", "SELECT reasons FROM rejected_rows", "SELECT key FROM files",
     "SELECT order_id FROM orders"],
)  # fmt: skip
def test_housekeeping_neither_writes_nor_reads_what_people_sent(shop: Shop, statement: str) -> None:
    with shop.connect("housekeeping") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_the_intake_removes_rejects_that_it_writes_anew(shop: Shop) -> None:
    with shop.connect("ingestion") as connection:
        assert connection.execute("DELETE FROM rejected_rows WHERE file_id = 1").rowcount == 0


def test_both_are_let_in_by_iam_alone(shop: Shop) -> None:
    query = """SELECT rolname::text, rolcanlogin, pg_has_role(oid, 'rds_iam', 'member'), rolpassword IS NULL
               FROM pg_authid WHERE rolname IN ('operations', 'housekeeping') ORDER BY 1"""
    with psycopg.connect(shop.server.url(database=shop.name)) as superuser:
        assert superuser.execute(query).fetchall() == [
            ("housekeeping", True, True, True),
            ("operations", True, True, True),
        ]


def test_both_have_their_timeouts(shop: Shop) -> None:
    names = ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout")
    expected = {"operations": ["30s", "1min", "0"], "housekeeping": ["1min", "1min", "5s"]}
    for role, timeouts in expected.items():
        with shop.connect(role) as connection:
            shown = [connection.execute(f"SHOW {name}").fetchone() for name in names]
            assert [each[0] for each in shown if each] == timeouts
