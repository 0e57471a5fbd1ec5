"""`make reprocess` on the local cloud."""

from __future__ import annotations

from local_cloud.cloud import LocalCloud
from ops.ingestion.deployed import DeployedIngestion
from ops.ingestion.queues import counts
from tests.support.ops.local import output, run
from tests.support.orders import Dropped, drop, eventually, ledger, loaded_orders, query, wait_for


def test_reprocessing_asks_and_leaves_correct_rows_unchanged(
    local_cloud: LocalCloud, ingestion: DeployedIngestion
) -> None:
    dropped = drop(local_cloud)
    first = wait_for(local_cloud, dropped)
    unconfirmed = run(local_cloud, "ingestion", "reprocess", "--key", dropped.key)
    assert unconfirmed.returncode == 1
    assert "Nothing was done" in unconfirmed.stdout
    _reprocess(local_cloud, ingestion, dropped)
    (again,) = ledger(local_cloud, dropped)
    assert again["file_id"] == first["file_id"]
    assert loaded_orders(local_cloud, dropped) == dropped.order_ids


def test_reprocessing_restores_deleted_orders_and_rejects(
    local_cloud: LocalCloud, ingestion: DeployedIngestion
) -> None:
    dropped = drop(local_cloud, bad_lines=["x"])
    file_id = wait_for(local_cloud, dropped)["file_id"]
    assert len(query(local_cloud, "DELETE FROM orders WHERE file_id = %s RETURNING 1 AS gone", file_id)) == 3
    assert len(query(local_cloud, "DELETE FROM rejected_rows WHERE file_id = %s RETURNING 1 AS gone", file_id)) == 1
    _reprocess(local_cloud, ingestion, dropped)
    assert loaded_orders(local_cloud, dropped) == dropped.order_ids
    assert len(query(local_cloud, "SELECT 1 AS back FROM rejected_rows WHERE file_id = %s", file_id)) == 1


def _reprocess(cloud: LocalCloud, ingestion: DeployedIngestion, dropped: Dropped) -> None:
    """Reprocess the file, and wait until the queue is empty."""
    assert "It is in the queue." in output(cloud, "ingestion", "reprocess", "--key", dropped.key, "--yes")
    eventually(lambda: sum(counts(ingestion.sqs, ingestion.queue_url)) == 0, "an empty queue", seconds=30)
