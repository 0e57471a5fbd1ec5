"""A database that accepts no connections is a problem, be it an instance or a cluster."""

from __future__ import annotations

import pytest

from config.environments import DEV
from ops.database.verify import database_is_available
from tests.support.ops.stubs import Stubs


@pytest.fixture
def database(aws: Stubs) -> Stubs:
    aws.stack_has(f"{DEV.project}-dev-data", {"DatabaseIdentifier": "acme-dev"})
    return aws


@pytest.mark.parametrize("status", ["available", "backing-up", "modifying"])
def test_an_instance_that_accepts_connections_is_no_problem(database: Stubs, status: str) -> None:
    database.expect("rds", "describe_db_instances", {"DBInstances": [{"DBInstanceStatus": status}]})
    assert list(database_is_available(database.environment())) == []


@pytest.mark.parametrize(
    ("status", "problem"), [("stopped", "`aws rds start-db-instance"), ("storage-full", "docs/runbook/database.md")]
)
def test_an_instance_that_does_not_is_one(database: Stubs, status: str, problem: str) -> None:
    database.expect("rds", "describe_db_instances", {"DBInstances": [{"DBInstanceStatus": status}]})
    (said,) = database_is_available(database.environment())
    assert problem in said


def test_a_cluster_is_asked_where_there_is_no_instance_of_that_name(database: Stubs) -> None:
    database.refuse("rds", "describe_db_instances", "DBInstanceNotFound")
    database.expect("rds", "describe_db_clusters", {"DBClusters": [{"Status": "stopped"}]})
    (problem,) = database_is_available(database.environment())
    assert "`aws rds start-db-cluster --db-cluster-identifier acme-dev`" in problem
