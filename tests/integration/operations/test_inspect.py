"""`make inspect` on the local cloud."""

from __future__ import annotations

import json
import re
import uuid

import pytest

from local_cloud.cloud import LocalCloud
from ops.ingestion import keys
from ops.ingestion.versions import of_key
from ops.operations.deployed import DeployedOperations
from tests.support.ops.local import output, run, without_events
from tests.support.orders import drop, query, wait_for

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


def test_inspect_shows_what_happened_to_a_file(local_cloud: LocalCloud) -> None:
    dropped = drop(local_cloud, rows=2, bad_lines=["x-1,no-address,SKU-1,2,19.99,EUR,2026-05-04T10:00:00+02:00,"])
    wait_for(local_cloud, dropped)
    shown = output(local_cloud, "operations", "inspect", "--key", dropped.key)
    assert f"{dropped.version_id}  loaded" in shown
    assert "2 rows loaded, 1 rejected; rows of this version that are stored now: 2" in shown
    assert "line 4: " in shown
    assert "customer_email" in shown
    assert "Dead letters: none of this file" in shown


def test_inspect_of_an_unknown_file_shows_no_versions_and_fails(local_cloud: LocalCloud) -> None:
    done = run(local_cloud, "operations", "inspect", "--key", "never.csv")
    assert done.returncode == 1
    assert "In the bucket: 0 versions" in done.stdout
    assert "In the ledger: 0 versions" in done.stdout
    assert done.stderr == "Neither the bucket nor the ledger has incoming/never.csv.\n"


def test_inspect_takes_a_key_without_the_prefix_and_a_url(local_cloud: LocalCloud) -> None:
    dropped = drop(local_cloud)
    wait_for(local_cloud, dropped)
    bucket = local_cloud.outputs().landing_bucket
    for key in (dropped.key.removeprefix("incoming/"), f"s3://{bucket}/{dropped.key}"):
        assert f"{dropped.version_id}  loaded" in output(local_cloud, "operations", "inspect", "--key", key)


@pytest.mark.parametrize(("stored", "typed"), [(DECOMPOSED, COMPOSED), (COMPOSED, DECOMPOSED)])
def test_inspect_and_reprocess_find_a_file_in_another_unicode_form(
    local_cloud: LocalCloud, stored: str, typed: str
) -> None:
    folder = f"{local_cloud.outputs().incoming_prefix}orders/tests/{uuid.uuid4().hex}"
    dropped = drop(local_cloud, key=f"{folder}/{stored}.csv")
    wait_for(local_cloud, dropped)
    shown = output(local_cloud, "operations", "inspect", "--key", f"{folder}/{typed}.csv")
    assert f"Found {keys.described(dropped.key)}" in shown
    assert f"{dropped.version_id}  loaded" in shown
    assert "In the ledger: 1 version" in shown
    again = output(local_cloud, "ingestion", "reprocess", "--yes", "--key", f"{folder}/{typed}.csv")
    assert f"Its key is {keys.described(dropped.key)}" in again


def test_inspect_says_when_rejected_rows_are_no_longer_stored(local_cloud: LocalCloud) -> None:
    dropped = drop(local_cloud, bad_lines=["x"])
    file_id = wait_for(local_cloud, dropped)["file_id"]
    query(local_cloud, "DELETE FROM rejected_rows WHERE file_id = %s RETURNING 1 AS gone", file_id)
    assert "no longer stored" in output(local_cloud, "operations", "inspect", "--key", dropped.key)


def test_inspect_finds_the_undelivered_event_of_a_file(local_cloud: LocalCloud, operations: DeployedOperations) -> None:
    ingestion = operations.ingestion
    with without_events(ingestion):
        dropped = drop(local_cloud)
    (version,) = of_key(ingestion.s3, ingestion.landing_bucket, dropped.key)
    body = version.message(ingestion.landing_bucket, "PutObject")
    ingestion.sqs.send_message(QueueUrl=ingestion.undelivered_queue_url, MessageBody=body)
    shown = output(local_cloud, "operations", "inspect", "--key", dropped.key)
    assert "Undelivered events: 1 message of this file" in shown
    assert "The ledger does not have 1 of these versions." in shown
    output(local_cloud, "ingestion", "redrive")
    assert wait_for(local_cloud, dropped)["status"] == "loaded"


def test_the_function_names_what_is_wrong_with_a_request(operations: DeployedOperations) -> None:
    answered = operations.functions.invoke(FunctionName=operations.function_name, Payload=b'{"action": "drop"}')
    assert "FunctionError" not in answered
    assert json.loads(answered["Payload"].read())["error"].startswith("action must be")


def test_an_unavailable_database_is_reported_in_one_line(local_cloud: LocalCloud) -> None:
    local_cloud.faults.stop_database()
    try:
        finished = run(local_cloud, "operations", "inspect", "--key", "incoming/x.csv")
    finally:
        local_cloud.faults.start_database()
    assert finished.returncode == 1
    assert re.search(r"inspect: the function \S+ can't answer: the database request failed", finished.stderr)
    assert finished.stderr.count("\n") == 1
