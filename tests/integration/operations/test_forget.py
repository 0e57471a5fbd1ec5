"""`make forget` on the local cloud: reports, erases from database and bucket, and stays true afterwards."""

from __future__ import annotations

import uuid

from local_cloud.cloud import LocalCloud
from ops.ingestion.queues import counts
from ops.ingestion.versions import listed
from ops.operations.deployed import DeployedOperations
from tests.support.ops.local import output, run
from tests.support.orders import drop, eventually, loaded_orders, query, wait_for


def test_a_person_is_erased_everywhere_and_does_not_come_back(
    local_cloud: LocalCloud, operations: DeployedOperations
) -> None:
    ingestion = operations.ingestion
    name = uuid.uuid4().hex[:12]
    email = f"{name}@example.com"
    line = f"{{}},{email.upper()},SKU-1,{{}},19.99,EUR,2026-05-04T10:00:00+02:00,"
    with_person = drop(local_cloud, bad_lines=[line.format(f"{name}-x", 1), line.format(f"{name}-y", 0)])
    newer = drop(local_cloud, key=with_person.key)
    without = drop(local_cloud)
    for dropped in (with_person, newer, without):
        wait_for(local_cloud, dropped)

    reported = run(local_cloud, "operations", "forget", "--email", email)
    assert reported.returncode == 1, reported.stderr
    assert "1 rows of orders, 1 rejected rows" in reported.stdout
    assert "Nothing was done" in reported.stdout
    assert query(local_cloud, "SELECT 1 AS still FROM orders WHERE order_id = %s", f"{name}-x")

    erased = output(local_cloud, "operations", "forget", "--email", email, "--yes")
    assert "1 rows of orders, 1 rejected rows" in erased
    assert "; 1 originals." in erased
    assert email not in erased
    assert not query(local_cloud, "SELECT 1 AS still FROM orders WHERE lower(customer_email) = %s", email)
    assert loaded_orders(local_cloud, with_person) == with_person.order_ids
    left = [version.version_id for version in listed(ingestion.s3, ingestion.landing_bucket, with_person.key)]
    assert left == [newer.version_id]

    again = output(local_cloud, "operations", "forget", "--email", email, "--yes")
    assert "In the database: 0 rejected rows, 0 reasons of files." in again

    # As a restored backup would have it.
    query(
        local_cloud,
        "INSERT INTO orders SELECT %s, %s, sku, quantity, unit_price, currency, ordered_at, notes, file_id "
        "FROM orders WHERE order_id = %s RETURNING 1 AS back",
        *(f"{name}-z", email, newer.order_ids[0]),
    )
    assert "1 rows of orders" in output(local_cloud, "operations", "forget", "--again", "--yes")
    assert not query(local_cloud, "SELECT 1 AS still FROM orders WHERE order_id = %s", f"{name}-z")
    eventually(lambda: sum(counts(ingestion.sqs, ingestion.queue_url)) == 0, "an empty queue", seconds=30)
