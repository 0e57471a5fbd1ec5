"""After every run of the migrations, a role has exactly what its file says."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from schema_migration.migrate import MigrationError
from tests.integration.database.conftest import ROLES, Shop

TABLES = """
from alembic import op
revision = "a"
down_revision = None
def upgrade():
    op.execute("CREATE TABLE letters (id int, body text); INSERT INTO letters VALUES (1, 'dear')")
    op.execute("CREATE SEQUENCE numbers; CREATE SCHEMA attic; CREATE TABLE attic.chest (id int)")
    op.execute("CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 42'")
"""
READS = """
ALTER ROLE clerk SET statement_timeout = '7s';
GRANT CONNECT ON DATABASE {database} TO clerk;
GRANT USAGE ON SCHEMA public TO clerk;
GRANT SELECT ON letters TO clerk;
"""
# Everything that a role has: its login, mark, rights, settings and memberships.
# Of this database only: other tests create databases in the same server meanwhile.
STATE = """
    SELECT rolname::text, rolcanlogin, shobj_description(oid, 'pg_authid'),
           (SELECT array_agg(pg_describe_object(classid, objid, objsubid) ORDER BY 1)
            FROM pg_shdepend JOIN pg_database ON datname = current_database()
            WHERE refobjid = pg_roles.oid AND pg_database.oid IN (dbid, objid)),
           (SELECT array_agg(setting::text) FROM pg_db_role_setting, unnest(setconfig) AS setting
            WHERE setrole = pg_roles.oid),
           (SELECT array_agg(roleid::regrole::text) FROM pg_auth_members WHERE member = pg_roles.oid)
    FROM pg_roles WHERE rolname = ANY(%s) ORDER BY rolname
"""
RIGHTS = """
    SELECT relname::text, relacl::text FROM pg_class WHERE relacl IS NOT NULL AND relnamespace = 'public'::regnamespace
    UNION ALL SELECT attname, attacl::text FROM pg_attribute WHERE attacl IS NOT NULL
    UNION ALL SELECT nspname, nspacl::text FROM pg_namespace WHERE nspname = 'public'
    UNION ALL SELECT datname, datacl::text FROM pg_database WHERE datname = current_database()
    ORDER BY 1, 2
"""


class Source:
    """Migrations and role files, applied to a database."""

    def __init__(self, folder: Path, shop: Shop) -> None:
        self._folder = folder
        self.shop = shop
        for name in ("versions", "roles"):
            (folder / name).mkdir()
        (folder / "versions/a.py").write_text(TABLES)

    def apply(self, **roles: str | None) -> None:
        """Write the role files, remove those that are None, and run the migrations."""
        for role, statements in roles.items():
            file = self._folder / f"roles/{role}.sql"
            if statements is None:
                file.unlink()
            else:
                file.write_text(statements)
        self.shop.migrate(self._folder)

    def may(self, role: str, statement: str) -> bool:
        """Whether the role may run the statement."""
        with self.shop.connect(role) as connection:
            try:
                connection.execute(statement)
            except psycopg.errors.InsufficientPrivilege:
                return False
            return True


@pytest.fixture
def source(tmp_path: Path, empty_shop: Shop) -> Iterator[Source]:
    yield Source(tmp_path, empty_shop)
    with psycopg.connect(empty_shop.server.url(database=empty_shop.name), autocommit=True) as superuser:
        for role in ("clerk", "guest"):
            if superuser.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount:
                superuser.execute(f"DROP OWNED BY {role}")
                superuser.execute(f"DROP ROLE {role}")


def test_a_role_is_created_with_what_its_file_says(source: Source) -> None:
    source.apply(clerk=READS)
    assert source.may("clerk", "SELECT * FROM letters")
    assert not source.may("clerk", "DELETE FROM letters")
    assert source.shop.settings("clerk", "statement_timeout") == ["7s"]


@pytest.mark.parametrize(
    ("grant", "statement"),
    [
        ("GRANT DELETE ON letters TO clerk", "DELETE FROM letters"),
        ("GRANT UPDATE (body) ON letters TO clerk", "UPDATE letters SET body = ''"),
        ("GRANT USAGE ON SEQUENCE numbers TO clerk", "SELECT nextval('numbers')"),
        ("GRANT EXECUTE ON FUNCTION answer() TO clerk", "SELECT answer()"),
        ("GRANT USAGE ON SCHEMA attic TO clerk; GRANT SELECT ON attic.chest TO clerk", "SELECT * FROM attic.chest"),
        ("GRANT TEMPORARY ON DATABASE {database} TO clerk", "CREATE TEMPORARY TABLE mine (id int)"),
        ("GRANT CREATE ON SCHEMA public TO clerk", "CREATE TABLE mine (id int); DROP TABLE mine"),
        ("GRANT pg_monitor TO clerk", "SELECT * FROM pg_ls_waldir()"),
    ],
)
def test_a_right_that_its_file_no_longer_grants_is_revoked(source: Source, grant: str, statement: str) -> None:
    with source.shop.connect() as owner:  # as the shipped migrations do
        owner.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
        owner.execute(f"REVOKE ALL ON DATABASE {source.shop.name} FROM PUBLIC")
    source.apply(clerk=f"{READS}{grant};")
    assert source.may("clerk", statement)
    source.apply(clerk=READS)
    assert not source.may("clerk", statement)
    assert source.may("clerk", "SELECT * FROM letters")


def test_a_setting_that_its_file_no_longer_has_is_reset(source: Source) -> None:
    source.apply(clerk=f"{READS}ALTER ROLE clerk SET lock_timeout = '3s';")
    with source.shop.connect() as owner:
        owner.execute(f"ALTER ROLE clerk IN DATABASE {source.shop.name} SET work_mem = '1MB'")
    assert source.shop.settings("clerk", "lock_timeout", "work_mem") == ["3s", "1MB"]
    source.apply(clerk=READS)
    assert source.shop.settings("clerk", "lock_timeout", "work_mem") == ["0", "4MB"]


def test_a_right_that_was_granted_by_hand_is_revoked(source: Source) -> None:
    source.apply(clerk=READS)
    with source.shop.connect() as owner:
        owner.execute("GRANT INSERT ON letters TO clerk")
    source.apply()
    assert not source.may("clerk", "INSERT INTO letters VALUES (2)")


def test_a_right_on_a_table_of_another_owner_fails_the_migration(source: Source) -> None:
    source.apply(clerk=READS)
    with psycopg.connect(source.shop.server.url(database=source.shop.name), autocommit=True) as superuser:
        superuser.execute("CREATE TABLE secrets (id int); GRANT SELECT ON secrets TO clerk")
    with pytest.raises(MigrationError, match="permission denied for table secrets"):
        source.apply()


def test_a_right_that_the_migration_cannot_revoke_fails_it(source: Source) -> None:
    source.apply(clerk=READS)
    with source.shop.connect() as owner:
        owner.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO clerk")
    with pytest.raises(MigrationError, match="role clerk has rights that the migration can't revoke: default acl"):
        source.apply()


def test_a_second_run_changes_nothing(shop: Shop) -> None:
    with shop.connect() as owner:
        state, rights = owner.execute(STATE, [list(ROLES)]).fetchall(), owner.execute(RIGHTS).fetchall()
        shop.migrate()
        assert owner.execute(STATE, [list(ROLES)]).fetchall() == state
        assert owner.execute(RIGHTS).fetchall() == rights
    assert [row[0] for row in state] == list(ROLES)


def test_a_reader_never_loses_its_rights_while_they_are_applied_again(source: Source) -> None:
    source.apply(clerk=READS)
    failures: list[BaseException] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            try:
                with source.shop.connect("clerk") as connection:
                    for _ in range(20):
                        connection.execute("SELECT * FROM letters")
            except psycopg.Error as error:
                failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(5):
            source.apply()
    finally:
        over.set()
        reader.join()
    assert failures == []


def test_a_file_that_fails_leaves_every_role_as_it_was(source: Source) -> None:
    source.apply(clerk=READS)
    with pytest.raises(MigrationError, match=r"setting the database roles failed and was rolled back: .*nowhere"):
        source.apply(clerk=READS.replace("SELECT", "DELETE"), guest="GRANT SELECT ON nowhere TO guest;")
    assert source.may("clerk", "SELECT * FROM letters")
    assert not source.may("clerk", "DELETE FROM letters")
    assert source.shop.rows("SELECT rolname FROM pg_roles WHERE rolname = 'guest'") == []


def test_a_role_without_a_file_loses_its_rights_and_its_login(source: Source, caplog: pytest.LogCaptureFixture) -> None:
    source.apply(clerk=READS, guest=READS.replace("clerk", "guest"))
    source.apply(clerk=None)
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in warnings] == [
        "the role clerk has no file any more: its rights and its login are removed"
    ]
    assert source.shop.rows("SELECT has_table_privilege('clerk', 'letters', 'SELECT')") == [False]
    with pytest.raises(psycopg.OperationalError):
        source.shop.connect("clerk")
    with source.shop.connect() as owner:
        _, can_log_in, _, rights, settings, memberships = owner.execute(STATE, [["clerk"]]).fetchall()[0]
    assert (can_log_in, rights, settings, memberships) == (False, None, None, None)
    assert source.may("guest", "SELECT * FROM letters")


def test_a_role_is_disabled_once(source: Source, caplog: pytest.LogCaptureFixture) -> None:
    source.apply(clerk=READS)
    source.apply(clerk=None)
    caplog.clear()
    source.apply()
    assert caplog.records == []


def test_a_role_whose_file_was_restored_works_again(source: Source) -> None:
    source.apply(clerk=READS)
    source.apply(clerk=None)
    source.apply(clerk=READS)
    assert source.may("clerk", "SELECT * FROM letters")


def test_roles_that_others_created_are_never_changed(source: Source) -> None:
    source.apply(clerk=READS)
    with source.shop.connect() as owner:
        owner.execute("CREATE ROLE guest LOGIN")
        owner.execute("ALTER ROLE guest SET work_mem = '1MB'; GRANT rds_iam TO guest; GRANT SELECT ON letters TO guest")
        before = owner.execute(STATE, [["guest"]]).fetchall()
        source.apply(clerk=None)
        assert owner.execute(STATE, [["guest"]]).fetchall() == before


def test_an_existing_role_gets_what_its_file_says(source: Source) -> None:
    with source.shop.connect() as owner:
        owner.execute("CREATE ROLE clerk NOLOGIN")
    source.apply(clerk=READS)
    assert source.may("clerk", "SELECT * FROM letters")


def test_a_schema_newer_than_the_release_keeps_its_roles(source: Source, tmp_path: Path) -> None:
    source.apply(clerk=READS)
    (tmp_path / "versions/a.py").write_text(TABLES.replace('"a"', '"older"'))
    source.apply(clerk="")
    assert source.may("clerk", "SELECT * FROM letters")


@pytest.mark.parametrize("role", ROLES)
def test_a_file_sets_and_grants_for_its_own_role_only(role: str) -> None:
    text = Path(f"lambda_src/schema_migration/roles/{role}.sql").read_text()
    lines = [line.partition("--")[0] for line in text.splitlines()]
    statements = [" ".join(each.split()) for each in "\n".join(lines).split(";") if each.strip()]
    assert statements
    for statement in statements:
        assert statement.startswith(f"ALTER ROLE {role} SET ") or (
            statement.startswith("GRANT ") and statement.endswith(f" TO {role}")
        ), statement
