"""Migrations on a real PostgreSQL, run as RDS's master user, which is not a superuser."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from schema_migration.migrate import LOCK, PACKAGE, MigrationError, connect, migrate
from tabular.declaration import RESERVED_NAMES
from tests.integration.database.conftest import DATASETS, Shop

COLUMNS = {
    "files": """file_id bucket key version_id sequencer uploaded_at size_bytes status reason rows_loaded rows_rejected
        received_at finished_at""",
    "orders": "order_id customer_email sku quantity unit_price currency ordered_at notes file_id",
    "rejected_rows": "file_id line_number raw reasons",
}


def revision(name: str, after: str | None, sql: str) -> str:
    return f'''
from alembic import op
revision = "{name}"
down_revision = {after!r}
def upgrade():
    op.execute("""{sql}""")
'''


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two migrations, and no roles."""
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions/a.py").write_text(revision("a", None, "CREATE TABLE first (id int)"))
    (tmp_path / "versions/b.py").write_text(revision("b", "a", "CREATE TABLE second (id int)"))
    return tmp_path


def tables(shop: Shop) -> set[str]:
    return set(shop.rows("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"))


def test_the_administrator_is_not_a_superuser(shop: Shop) -> None:
    assert shop.rows("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [False]


def test_a_fresh_database_gets_every_table_and_column(shop: Shop) -> None:
    for table, columns in COLUMNS.items():
        found = shop.rows(f"SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}'")
        assert set(columns.split()) <= set(found)


def test_no_dataset_can_have_the_name_of_another_table(shop: Shop) -> None:
    assert tables(shop) - set(DATASETS) == RESERVED_NAMES


def test_a_second_run_changes_nothing(shop: Shop) -> None:
    query = "SELECT oid, relname, relfilenode FROM pg_class WHERE relkind IN ('r', 'i') ORDER BY oid"
    before = shop.rows(query)
    assert shop.migrate() == shop.rows("SELECT version_num FROM alembic_version")[0]
    assert shop.rows(query) == before


def test_another_database_of_the_same_server_uses_the_existing_roles(shop: Shop) -> None:
    other = Shop(server=shop.server, name=f"{shop.name}_other")
    shop.server.create_master_user("administrator", "only here", database=other.name)
    other.migrate()
    assert "orders" in tables(other)


def test_concurrent_runs_wait_for_each_other(empty_shop: Shop) -> None:
    with ThreadPoolExecutor() as pool:
        assert len(set(pool.map(lambda _: empty_shop.migrate(), range(4)))) == 1


def test_a_schema_newer_than_the_release_stays_as_it_is(shop: Shop, source: Path) -> None:
    before = tables(shop)
    head = shop.rows("SELECT version_num FROM alembic_version")[0]
    assert migrate(psycopg.connect(shop.url()), seconds=30, datasets=[], source=source) == head
    assert tables(shop) == before


def test_a_failed_migration_is_rolled_back_and_those_before_it_are_kept(empty_shop: Shop, source: Path) -> None:
    (source / "versions/c.py").write_text(revision("c", "b", "CREATE TABLE third (id int); SELECT 1 / 0"))
    with pytest.raises(MigrationError, match="migration c failed, and the next run repeats it: division by zero"):
        migrate(psycopg.connect(empty_shop.url()), seconds=30, datasets=[], source=source)
    assert tables(empty_shop) == {"first", "second", "alembic_version"}
    assert empty_shop.rows("SELECT version_num FROM alembic_version") == ["b"]


def test_a_fixed_migration_runs_after_it_failed(empty_shop: Shop, source: Path) -> None:
    (source / "versions/c.py").write_text(revision("c", "b", "SELECT 1 / 0"))
    with pytest.raises(MigrationError):
        migrate(psycopg.connect(empty_shop.url()), seconds=30, datasets=[], source=source)
    (source / "versions/c.py").write_text(revision("c", "b", "CREATE TABLE third (id int)"))
    assert migrate(psycopg.connect(empty_shop.url()), seconds=30, datasets=[], source=source) == "c"


def test_a_migration_that_takes_too_long_is_cancelled_and_reported(empty_shop: Shop, source: Path) -> None:
    (source / "versions/c.py").write_text(revision("c", "b", "SELECT pg_sleep(60)"))
    with pytest.raises(MigrationError, match=r"migration c .* took longer than 1 s"):
        migrate(psycopg.connect(empty_shop.url()), seconds=1, datasets=[], source=source)


def test_the_migration_to_datasets_reads_no_order_and_can_be_repeated(empty_shop: Shop, tmp_path: Path) -> None:
    def to(revision: str) -> list[str]:
        """Migrate to this revision, and return what PostgreSQL did with whole tables."""
        shutil.copy(next((PACKAGE / "versions").glob(f"{revision}_*.py")), tmp_path / "versions")
        notices: list[str] = []
        connection = psycopg.connect(empty_shop.url(), options="-c client_min_messages=debug1")
        connection.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
        migrate(connection, seconds=30, datasets=[], source=tmp_path)
        return [each for each in notices if "orders" in each and each.startswith(("verifying", "rewriting"))]

    for name in ("versions", "roles"):
        (tmp_path / name).mkdir()
    to("0001")
    with empty_shop.connect() as connection:
        connection.execute("INSERT INTO orders VALUES ('A', 'a@b.c', 'S', 1, 1.50, 'EUR', now(), NULL, 1)")
        connection.execute(
            """INSERT INTO files (bucket, key, version_id, uploaded_at, status)
               SELECT 'b', 'k' || n, 'v', now(), 'loaded' FROM generate_series(1, 20001) AS n"""
        )
        for _ in range(2):
            assert to("0002") == []
            assert empty_shop.rows("SELECT dataset, count(*) FROM files GROUP BY 1") == [("orders", 20001)]
            assert empty_shop.rows("SELECT indisvalid FROM pg_index WHERE indexrelid = 'files_dataset'::regclass") == [
                True
            ]
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute("UPDATE orders SET unit_price = -1")
            # As if the run had been interrupted near its end.
            connection.execute("UPDATE alembic_version SET version_num = '0001'")
            connection.execute("UPDATE files SET dataset = NULL WHERE file_id > 15000")


def test_waiting_for_another_run_is_limited(empty_shop: Shop, source: Path) -> None:
    with empty_shop.connect() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(MigrationError, match="could not start: it took longer"):
            migrate(psycopg.connect(empty_shop.url()), seconds=1, datasets=[], source=source)


def test_a_wrong_password_is_reported_without_showing_it(empty_shop: Shop) -> None:
    url = empty_shop.server.url(user="administrator", password="not-the-word", database=empty_shop.name)
    with pytest.raises(MigrationError, match="password authentication failed") as caught:
        connect([url], seconds=0)
    assert "not-the-word" not in str(caught.value)


def test_when_the_password_is_refused_the_next_connection_string_is_tried(empty_shop: Shop) -> None:
    refused = empty_shop.server.url(user="administrator", password="not-the-word", database=empty_shop.name)
    with connect([refused, empty_shop.url()], seconds=0) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("administrator",)
