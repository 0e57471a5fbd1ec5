"""The check of `make verify` that asks the operations function."""

from __future__ import annotations

from config.canary import canary
from local_cloud.cloud import LocalCloud
from ops.ingestion.verify import canary_is_loaded
from ops.operations.deployed import DeployedOperations
from ops.operations.verify import canary_is_stored
from tests.support.orders import query


def test_a_canary_whose_order_is_not_stored_is_a_problem(
    local_cloud: LocalCloud, operations: DeployedOperations
) -> None:
    environment = operations.ingestion.environment
    file = canary()
    assert file
    assert list(canary_is_loaded(environment)) == []
    assert list(canary_is_stored(environment)) == []
    assert query(local_cloud, "DELETE FROM customers WHERE email = 'canary@example.com' RETURNING 1 AS gone")
    (problem,) = canary_is_stored(environment)
    assert f"make inspect ENV=local KEY=incoming/{file.key}" in problem
