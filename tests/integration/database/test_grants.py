"""What each role may do, tried out."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.database.conftest import Shop

FILE = """INSERT INTO files (bucket, key, version_id, uploaded_at, status)
          VALUES ('b', 'k', 'v', now(), 'loaded') RETURNING file_id"""


@pytest.mark.parametrize("table", ["files", "orders", "rejected_rows"])
def test_web_reads_every_table_by_its_bare_name(shop: Shop, table: str) -> None:
    with shop.connect("web") as connection:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


@pytest.mark.parametrize(
    "statement",
    [
        FILE,
        "UPDATE files SET status = 'deleted'",
        "DELETE FROM orders",
        "TRUNCATE rejected_rows",
        "DROP TABLE orders",
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "SELECT * FROM alembic_version",
        "SET ROLE administrator",
        "SET ROLE ingestion",
        "ALTER TABLE files ADD extra int",
    ],
)
def test_web_can_not_write_even_where_it_lifts_its_own_read_only_default(shop: Shop, statement: str) -> None:
    with shop.connect("web") as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE orders",
        "TRUNCATE orders",
        "DELETE FROM files",
        "DELETE FROM orders",
        "TRUNCATE rejected_rows",
        "UPDATE rejected_rows SET raw = ''",
        "CREATE TABLE mine (id int)",
        "ALTER TABLE files ADD extra int",
        "SELECT * FROM alembic_version",
        "SET ROLE administrator",
    ],
)
def test_file_intake_can_not_do_more_than_it_needs(shop: Shop, statement: str) -> None:
    with shop.connect("ingestion") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_no_other_role_gets_into_the_database(shop: Shop) -> None:
    with psycopg.connect(shop.server.url(), autocommit=True) as superuser:
        superuser.execute("DROP ROLE IF EXISTS stranger")
        superuser.execute("CREATE ROLE stranger LOGIN PASSWORD 'known'")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(shop.server.url(user="stranger", password="known", database=shop.name))


def test_the_roles_are_let_in_by_iam_alone(shop: Shop) -> None:
    query = """SELECT rolname::text, rolcanlogin, pg_has_role(oid, 'rds_iam', 'member'), rolpassword IS NULL
               FROM pg_authid WHERE rolname IN ('ingestion', 'web') ORDER BY 1"""
    with psycopg.connect(shop.server.url(database=shop.name)) as superuser:
        assert superuser.execute(query).fetchall() == [("ingestion", True, True, True), ("web", True, True, True)]


def test_each_role_has_its_timeouts(shop: Shop) -> None:
    expected = {"web": ("5s", "1min"), "ingestion": ("0", "1min")}
    for role, timeouts in expected.items():
        with shop.connect(role) as connection:
            shown = [connection.execute(f"SHOW {name}").fetchone() for name in
                     ("statement_timeout", "idle_in_transaction_session_timeout")]  # fmt: skip
            assert [each[0] for each in shown if each] == list(timeouts)


def test_the_server_soon_notices_that_a_function_is_gone(shop: Shop) -> None:
    expected = {
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "30000",
        "client_connection_check_interval": "10s",
    }
    with shop.connect("ingestion") as connection:
        assert {name: connection.execute(f"SHOW {name}").fetchone() for name in expected} == {
            name: (value,) for name, value in expected.items()
        }


def test_a_status_that_is_none_of_the_four_is_refused(shop: Shop) -> None:
    with shop.connect() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(FILE.replace("'loaded'", "'received'"))
