"""`make withdraw` on the local cloud: what a file replaced comes back, and the file does not."""

from __future__ import annotations

import uuid
from typing import Any

from local_cloud.cloud import LocalCloud
from ops.ingestion.queues import counts
from ops.operations.deployed import DeployedOperations
from tests.support.ops.local import output, run
from tests.support.orders import Dropped, drop, eventually, order_file, query, wait_for

ORIGINS = "SELECT DISTINCT key FROM orders JOIN files USING (file_id) WHERE order_id = ANY(%s)"


def test_what_a_withdrawn_file_replaced_comes_back_and_stays(
    local_cloud: LocalCloud, operations: DeployedOperations
) -> None:
    ingestion = operations.ingestion
    first = drop(local_cloud)
    wait_for(local_cloud, first)
    # S3's times are whole seconds, and of two files of the same second the one with the later key counts.
    key = f"{ingestion.incoming_prefix}orders/tests/z-{uuid.uuid4().hex[:12]}.csv"
    put = ingestion.s3.put_object(Bucket=ingestion.landing_bucket, Key=key, Body=order_file(first.order_ids))
    second = Dropped(key=key, version_id=put["VersionId"], order_ids=first.order_ids)
    wait_for(local_cloud, second)

    def origins() -> list[Any]:
        return [row["key"] for row in query(local_cloud, ORIGINS, first.order_ids)]

    assert origins() == [key]
    withdraw = ("operations", "withdraw", "--key", key, "--why", "it's wrong")
    reported = run(local_cloud, *withdraw)
    assert reported.returncode == 1, reported.stderr
    assert "3 rows of orders go" in reported.stdout
    assert f"1 files have the same keys, and are loaded again:\n  {first.key}" in reported.stdout
    assert "Nothing was done" in reported.stdout
    assert origins() == [key]

    assert "3 rows are deleted.\n1 files are in the queue" in output(local_cloud, *withdraw, "--yes")
    eventually(lambda: origins() == [first.key], "the rows that were replaced")

    assert "Nothing is left to do." in output(local_cloud, *withdraw, "--yes")
    inspected = output(local_cloud, "operations", "inspect", "--key", key)
    assert f"{second.version_id}  withdrawn" in inspected
    assert 'UTC: "it\'s wrong"' in inspected
    again = output(local_cloud, "operations", "inspect", "--key", first.key)
    assert f'"withdrawal of {key}"' in again

    output(local_cloud, "ingestion", "reprocess", "--key", key, "--why", "it was right", "--yes")
    asked = "SELECT 1 AS asked FROM reprocess_requests WHERE key = %s"
    eventually(lambda: query(local_cloud, asked, key), "the request")
    eventually(lambda: sum(counts(ingestion.sqs, ingestion.queue_url)) == 0, "an empty queue", seconds=30)
    assert origins() == [first.key]
