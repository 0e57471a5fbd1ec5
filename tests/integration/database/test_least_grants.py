"""A role has exactly the rights that its code needs: no statement is refused, and no grant is unused.

Every statement of the code is run as its role on a real PostgreSQL. Then each grant is revoked in turn, and some
statement must fail.
"""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from ingestion import tables
from tests.integration.database.conftest import ADMINISTRATOR, DATASETS, ROLES, START, Pipeline, Shop, csv, example
from tests.support.contracts.deployed import deployed
from tests.support.recorder import Recorder, never_run

# PostgreSQL's errors for a missing right. Without the right to use a schema, its tables can't be found.
REFUSALS = (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable, psycopg.OperationalError)
# Every right of the role in this database, as it is written between GRANT and TO.
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


def _runtime(role: str) -> Any:
    """The module that names the role's code (CODE) and runs every statement of it in the database (work)."""
    return importlib.import_module(f"tests.integration.database.{role}.work")


def _prepared(pipeline: Pipeline, role: str) -> Pipeline:
    """The database as the role finds it: empty for ingestion, with an old file that has a rejected row for others."""
    with pipeline.shop.connect() as owner:
        tables_of_all = "files, rejected_rows, erasures, reprocess_requests, file_overlaps, withdrawals"
        owner.execute(f"TRUNCATE {tables_of_all}, {', '.join(DATASETS)}")
    pipeline.close()
    if role != "ingestion":
        pipeline.loader().load(pipeline.put("incoming/orders/a.csv", csv(("A-1", 1), ("A-2", 2), ("A-3", 0)), at=0))
        for name, dataset in DATASETS.items():
            if name != "orders":
                pipeline.loader().load(pipeline.put(f"incoming/{name}/a.csv", example(dataset), at=0))
        with pipeline.shop.connect() as owner:
            owner.execute("UPDATE files SET finished_at = %s", [START - timedelta(days=400)])
    return pipeline


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials to sign tokens with, and batches so small that a small file has several."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(tables, "BATCH_BYTES", 2_000)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_run_every_statement_of_its_code(
    role: str, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = _prepared(pipeline, role)
    recorder = Recorder(monkeypatch)
    _runtime(role).work(prepared)
    assert never_run(_runtime(role).CODE, recorder.statements) == []


@pytest.mark.parametrize("role", ROLES)
def test_every_grant_is_needed_by_a_statement(role: str, pipeline: Pipeline) -> None:
    work = _runtime(role).work
    with pipeline.shop.connect() as owner:
        grants = [row[0] for row in owner.execute(GRANTS, {"role": role})]
        assert len(grants) >= 4, grants
        unused = []
        for grant in grants:
            prepared = _prepared(pipeline, role)
            owner.execute(f"REVOKE {grant} FROM {role}")
            try:
                work(prepared)
                unused.append(grant)
            except REFUSALS as error:
                assert "permission denied" in str(error) or "does not exist" in str(error), error
            finally:
                owner.execute(f"GRANT {grant} TO {role}")
        together = getattr(_runtime(role), "FOR_ALL_DATASETS", ())
        for right in together:
            of_datasets = {f"{right} ON TABLE {name}" for name in DATASETS}
            assert not of_datasets <= set(unused), f"{role}'s code never uses {right} of any dataset"
            unused = [grant for grant in unused if grant not in of_datasets]
        assert unused == [], f"{role}'s code never uses these"
        work(_prepared(pipeline, role))  # with all grants it works again


def test_the_roles_are_those_of_the_templates_and_log_in_only_by_iam(shop: Shop) -> None:
    named = {
        each.variables["DATABASE_USER"] for each in deployed("prod").runtimes() if "DATABASE_USER" in each.variables
    }
    assert named == set(ROLES)
    members = """SELECT rolname::text FROM pg_roles JOIN pg_auth_members ON member = pg_roles.oid
                 WHERE roleid = 'rds_iam'::regrole AND rolcanlogin"""
    assert set(shop.rows(members)) - {ADMINISTRATOR} == named
    memberships = "SELECT DISTINCT roleid::regrole::text FROM pg_auth_members WHERE member::regrole::text = ANY(%s)"
    attributes = """SELECT rolname::text FROM pg_roles WHERE rolname = ANY(%s) AND rolcanlogin
                    AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)"""
    with shop.connect() as owner:
        assert owner.execute(memberships, [list(named)]).fetchall() == [("rds_iam",)]
        assert {row[0] for row in owner.execute(attributes, [list(named)])} == named


def test_public_has_no_rights(shop: Shop) -> None:
    query = """
        SELECT relname::text FROM pg_class, aclexplode(relacl)
        WHERE grantee = 0 AND relnamespace = 'public'::regnamespace
        UNION ALL SELECT nspname FROM pg_namespace, aclexplode(nspacl) WHERE grantee = 0 AND nspname = 'public'
        UNION ALL SELECT datname FROM pg_database, aclexplode(datacl)
                  WHERE grantee = 0 AND datname = current_database()
    """
    assert shop.rows(query) == []
