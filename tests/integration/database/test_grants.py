"""The permissions of the database roles."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.database.conftest import FILE, ROLES, Shop


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE orders",
        "TRUNCATE orders",
        "DELETE FROM files",
        "TRUNCATE rejected_rows",
        "UPDATE rejected_rows SET raw = ''",
        "CREATE TABLE mine (id int)",
        "ALTER TABLE files ADD extra int",
        "SELECT * FROM alembic_version",
        "SET ROLE administrator",
    ],
)
def test_ingestion_cannot_do_more_than_it_needs(shared_shop: Shop, statement: str) -> None:
    with shared_shop.connect("ingestion") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_ingestion_replaces_the_rejected_rows_of_a_file(shared_shop: Shop) -> None:
    with shared_shop.connect("ingestion") as connection:
        assert connection.execute("DELETE FROM rejected_rows WHERE file_id = 1").rowcount == 0


def test_no_other_role_can_connect_to_the_database(shared_shop: Shop) -> None:
    with psycopg.connect(shared_shop.server.url(), autocommit=True) as superuser:
        superuser.execute("DROP ROLE IF EXISTS stranger")
        superuser.execute("CREATE ROLE stranger LOGIN PASSWORD 'known'")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(shared_shop.server.url(user="stranger", password="known", database=shared_shop.name))


def test_every_role_logs_in_only_by_iam(shared_shop: Shop) -> None:
    query = """SELECT rolname::text, rolcanlogin, pg_has_role(oid, 'rds_iam', 'member'), rolpassword IS NULL
               FROM pg_authid WHERE rolname = ANY(%s) ORDER BY 1"""
    with psycopg.connect(shared_shop.server.url(database=shared_shop.name)) as superuser:
        found = superuser.execute(query, [list(ROLES)]).fetchall()
    assert found == [(role, True, True, True) for role in ROLES]


@pytest.mark.parametrize("role", ROLES)
def test_no_role_holds_an_idle_transaction_for_long(shared_shop: Shop, role: str) -> None:
    assert shared_shop.settings(role, "idle_in_transaction_session_timeout") == ["1min"]


def test_ingestion_limits_its_statements_itself(shared_shop: Shop) -> None:
    assert shared_shop.settings("ingestion", "statement_timeout") == ["0"]


def test_the_server_detects_within_half_a_minute_that_a_function_ended(shared_shop: Shop) -> None:
    expected = {
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "30000",
        "client_connection_check_interval": "10s",
    }
    assert shared_shop.settings("ingestion", *expected) == list(expected.values())


def test_a_status_that_is_none_of_the_four_is_refused(shared_shop: Shop) -> None:
    with shared_shop.connect() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(FILE.replace("'loaded'", "'received'"))
