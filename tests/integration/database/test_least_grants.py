"""What each role may do in the database is what its code does there: no statement is refused, and no grant is idle.

Every statement of the code is run as its role on a real PostgreSQL; then each grant is taken away in turn, and some
statement must fail for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import botocore.session
import psycopg
import pytest
from psycopg import AsyncConnection

import housekeeping.settings
import operations.settings
from common.database import ReusableConnection, connect
from housekeeping.rejects import remove_old
from ingestion import load
from ingestion.deadline import Deadline
from ingestion.event import Happened
from operations import answers
from operations.requests import Inspect, KnownVersions
from tests.integration.database.conftest import ADMINISTRATOR, BUCKET, START, Pipeline, Shop, csv, event
from tests.integration.database.test_web_plans import ARGUMENTS
from tests.support.contracts.deployed import deployed
from tests.support.recorder import Recorder, never_run
from web_src import queries

WORK: dict[str, Callable[[Pipeline], None]] = {}
# How PostgreSQL refuses; without the right to use a schema its tables are nowhere to be found.
REFUSALS = (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable, psycopg.OperationalError)
FOLDERS = {
    "ingestion": Path("lambda_src/ingestion"),
    "operations": Path("lambda_src/operations"),
    "housekeeping": Path("lambda_src/housekeeping"),
    "web": Path("web_src"),
}
# All that was granted to the role in this database, each as PostgreSQL writes it between GRANT and TO.
GRANTS = """
    SELECT format('%%s ON TABLE %%I', privilege_type, relname) FROM pg_class, aclexplode(relacl)
    WHERE grantee = %(role)s::regrole AND relkind <> 'S'
    UNION ALL
    SELECT format('%%s ON SEQUENCE %%I', privilege_type, relname) FROM pg_class, aclexplode(relacl)
    WHERE grantee = %(role)s::regrole AND relkind = 'S'
    UNION ALL
    SELECT format('%%s (%%I) ON TABLE %%I', privilege_type, attname, relname)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid, aclexplode(attacl) WHERE grantee = %(role)s::regrole
    UNION ALL
    SELECT format('%%s ON SCHEMA %%I', privilege_type, nspname) FROM pg_namespace, aclexplode(nspacl)
    WHERE grantee = %(role)s::regrole
    UNION ALL
    SELECT format('%%s ON DATABASE %%I', privilege_type, datname) FROM pg_database, aclexplode(datacl)
    WHERE grantee = %(role)s::regrole AND datname = current_database()
    UNION ALL
    SELECT format('%%s ON FUNCTION %%s', privilege_type, pg_proc.oid::regprocedure) FROM pg_proc, aclexplode(proacl)
    WHERE grantee = %(role)s::regrole
    ORDER BY 1
"""


def _at_work(role: str) -> Callable[[Callable[[Pipeline], None]], Callable[[Pipeline], None]]:
    """Marks what does all that the role's code can do."""

    def mark(work: Callable[[Pipeline], None]) -> Callable[[Pipeline], None]:
        WORK[role] = work
        return work

    return mark


def _settings(settings: Any, pipeline: Pipeline, **variables: str) -> Any:
    """As a template would set them."""
    server = pipeline.shop.server
    database = {
        "DATABASE_HOST": server.host,
        "DATABASE_PORT": str(server.port),
        "DATABASE_NAME": pipeline.shop.name,
        "DATABASE_USER": settings.__module__.partition(".")[0],
        "DATABASE_CA_BUNDLE": str(server.ca_bundle),
        "AWS_REGION": "us-east-1",
    }
    return settings.from_env(database | variables)


@_at_work("ingestion")
def _take_in_files(pipeline: Pipeline) -> None:
    intake = pipeline.intake()
    bad = csv(("A-1", 1), ("A-2", 2), ("A-3", 0))  # the last with a quantity that is none
    first = pipeline.put("incoming/a.csv", bad, at=10)
    intake.take_in(first)
    intake.take_in(replace(first, again=True))  # its rejects are written anew
    many = [(f"B-{number}", 1) for number in range(100)]
    batches = pipeline.put("incoming/b.csv", csv(("A-1", 3), *many, *many, notes="long" * 50), at=20)
    intake.take_in(batches)  # replaces an order, and repeats its own
    intake.take_in(pipeline.put("incoming/c.csv", csv(("A-1", 4), ("C-1", 1)), at=5))  # counts for less
    intake.take_in(pipeline.put("incoming/a.csv", csv(("A-1", 5)), at=30))  # supersedes
    refused = pipeline.put("incoming/d.txt", b"no orders\n", at=40)
    intake.take_in(refused)
    intake.take_in(replace(refused, again=True))
    pipeline.bucket.versions[batches.key, batches.version_id] = b"no orders any more\n"
    intake.take_in(replace(batches, again=True))  # stays as it was
    intake.take_in(event("incoming/a.csv", "marker", at=50, happened=Happened.MARKED_DELETED))
    gone = event("incoming/e.csv", "gone", at=60)
    intake.take_in(replace(gone, happened=Happened.GONE))
    intake.take_in(gone)  # was heard of after its deletion
    intake._once(pipeline.put("incoming/f.csv", csv(("F-1", 1)), at=70), Deadline(60), alone=True)


@_at_work("operations")
def _look_up(pipeline: Pipeline) -> None:
    settings = _settings(operations.settings.Settings, pipeline, LANDING_BUCKET=BUCKET)
    reusable = ReusableConnection(
        partial(connect, settings.database, user=settings.database_user, session=botocore.session.get_session())
    )
    reusable.get()
    with reusable.get() as connection:  # the one that there is already
        found = answers.inspect(connection, BUCKET, Inspect(key="incoming/a.csv"))
        assert found["versions"][0]["rejects"]
        assert answers.known_versions(connection, BUCKET, KnownVersions(after=None, limit=10))["versions"]


@_at_work("housekeeping")
def _remove_old_rejects(pipeline: Pipeline) -> None:
    settings = _settings(housekeeping.settings.Settings, pipeline, REJECT_DAYS="1")
    session = botocore.session.get_session()
    with connect(settings.database, user=settings.database_user, session=session) as connection:
        assert remove_old(connection, days=1, time_is_left=lambda: True).removed == 1


@_at_work("web")
def _show(pipeline: Pipeline) -> None:
    async def ask() -> None:
        url = pipeline.shop.url("web")
        async with await AsyncConnection.connect(url, autocommit=True, prepare_threshold=None) as connection:
            for query, variants in ARGUMENTS.items():
                for arguments in variants:
                    await getattr(queries, query)(connection, **arguments)

    asyncio.run(ask())


def _prepared(pipeline: Pipeline, role: str) -> Pipeline:
    """The database as the role finds it: empty, or for those who read with an old file that has a reject."""
    with pipeline.shop.connect() as owner:
        owner.execute("TRUNCATE files, orders, rejected_rows")
    pipeline.close()
    if role != "ingestion":
        pipeline.intake().take_in(pipeline.put("incoming/a.csv", csv(("A-1", 1), ("A-2", 2), ("A-3", 0)), at=0))
        with pipeline.shop.connect() as owner:
            owner.execute("UPDATE files SET finished_at = %s", [START - timedelta(days=400)])
    return pipeline


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials to sign tokens with, and batches so small that a small file has several."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(load, "BATCH_BYTES", 2_000)


@pytest.mark.parametrize("role", FOLDERS)
def test_a_role_may_run_every_statement_of_its_code(
    role: str, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = _prepared(pipeline, role)
    recorder = Recorder(monkeypatch)
    WORK[role](prepared)
    assert never_run(FOLDERS[role], recorder.statements) == []


@pytest.mark.parametrize("role", FOLDERS)
def test_without_any_one_grant_some_statement_is_refused(role: str, pipeline: Pipeline) -> None:
    with pipeline.shop.connect() as owner:
        grants = [row[0] for row in owner.execute(GRANTS, {"role": role})]
        assert len(grants) >= 4, grants
        idle = []
        for grant in grants:
            prepared = _prepared(pipeline, role)
            owner.execute(f"REVOKE {grant} FROM {role}")
            try:
                WORK[role](prepared)
                idle.append(grant)
            except REFUSALS as error:
                assert "permission denied" in str(error) or "does not exist" in str(error), error
            finally:
                owner.execute(f"GRANT {grant} TO {role}")
        assert idle == [], f"{role}'s code never uses these"
        WORK[role](_prepared(pipeline, role))  # it was the grants that were missing


def test_the_roles_are_those_that_the_templates_name_and_get_in_by_iam_alone(shop: Shop) -> None:
    named = {
        each.variables["DATABASE_USER"] for each in deployed("prod").runtimes() if "DATABASE_USER" in each.variables
    }
    assert named == set(FOLDERS)
    members = """SELECT rolname::text FROM pg_roles JOIN pg_auth_members ON member = pg_roles.oid
                 WHERE roleid = 'rds_iam'::regrole AND rolcanlogin"""
    assert set(shop.rows(members)) - {ADMINISTRATOR} == named
    memberships = "SELECT DISTINCT roleid::regrole::text FROM pg_auth_members WHERE member::regrole::text = ANY(%s)"
    attributes = """SELECT rolname::text FROM pg_roles WHERE rolname = ANY(%s) AND rolcanlogin
                    AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)"""
    with shop.connect() as owner:
        assert owner.execute(memberships, [list(named)]).fetchall() == [("rds_iam",)]
        assert {row[0] for row in owner.execute(attributes, [list(named)])} == named


def test_what_everybody_may_do_is_nothing(shop: Shop) -> None:
    query = """
        SELECT relname::text FROM pg_class, aclexplode(relacl)
        WHERE grantee = 0 AND relnamespace = 'public'::regnamespace
        UNION ALL SELECT nspname FROM pg_namespace, aclexplode(nspacl) WHERE grantee = 0 AND nspname = 'public'
        UNION ALL SELECT datname FROM pg_database, aclexplode(datacl)
                  WHERE grantee = 0 AND datname = current_database()
    """
    assert shop.rows(query) == []
