"""`make reconcile` on the local cloud."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from local_cloud.cloud import LocalCloud
from ops.operations import reconcile
from ops.operations.deployed import DeployedOperations
from tests.support.ops.local import output, without_events
from tests.support.orders import Dropped, drop, ledger, loaded_orders, wait_for


@pytest.fixture
def no_events(operations: DeployedOperations) -> Iterator[None]:
    with without_events(operations.ingestion):
        yield


def _delete(operations: DeployedOperations, dropped: Dropped) -> Dropped:
    """The delete marker that hides the file now."""
    ingestion = operations.ingestion
    version = ingestion.s3.delete_object(Bucket=ingestion.landing_bucket, Key=dropped.key)["VersionId"]
    return Dropped(key=dropped.key, version_id=version, order_ids=[])


@pytest.mark.usefixtures("no_events")
def test_files_and_deletions_whose_events_were_lost_are_found_and_loaded(
    local_cloud: LocalCloud, operations: DeployedOperations, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = drop(local_cloud)
    deleted = drop(local_cloud)
    marker = _delete(operations, deleted)

    # Their events may still be on the way.
    assert "younger than 5 minutes" in output(local_cloud, "operations", "reconcile", "--yes")
    assert ledger(local_cloud, lost) == []

    assert reconcile.run(operations, yes=False, minimum_age=timedelta(0)) == reconcile.FILES_ARE_MISSING
    shown = capsys.readouterr().out
    assert all(each.version_id in shown for each in (lost, deleted, marker))
    assert "samples" not in shown

    assert reconcile.run(operations, yes=True, minimum_age=timedelta(0)) == 0
    assert wait_for(local_cloud, lost)["status"] == "loaded"
    assert wait_for(local_cloud, deleted)["rows_loaded"] == len(deleted.order_ids)
    assert wait_for(local_cloud, marker)["status"] == "deleted"
    assert loaded_orders(local_cloud, lost) == lost.order_ids
    capsys.readouterr()
    assert reconcile.run(operations, yes=False, minimum_age=timedelta(0)) == 0
    assert "nothing is missing" in capsys.readouterr().out
