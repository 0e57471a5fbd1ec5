"""The check of `make verify` that asks the operations function."""

from __future__ import annotations

from local_cloud.cloud import LocalCloud
from ops.ingestion.verify import CANARY, canary_is_loaded
from ops.operations.deployed import DeployedOperations
from ops.operations.verify import canary_is_stored
from tests.support.orders import query


def test_a_canary_whose_order_is_not_stored_is_a_problem(
    local_cloud: LocalCloud, operations: DeployedOperations
) -> None:
    environment = operations.ingestion.environment
    assert list(canary_is_loaded(environment)) == []
    assert list(canary_is_stored(environment)) == []
    assert query(local_cloud, "DELETE FROM orders WHERE order_id = 'canary' RETURNING 1 AS gone")
    (problem,) = canary_is_stored(environment)
    assert f"make inspect ENV=local KEY=incoming/{CANARY}" in problem
