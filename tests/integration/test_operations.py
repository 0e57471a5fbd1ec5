"""What people do to a running pipeline, by the very commands, on the local cloud."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

import ops.common.deployment
from local_cloud.cloud import LocalCloud
from local_cloud.environment import clean
from local_cloud.state import CHECKOUT
from ops.common.deployment import Deployment, find
from ops.ingestion.queues import counts
from ops.ingestion.versions import of_key
from ops.operations import reconcile
from ops.operations.ledger import known_versions
from tests.support.orders import Dropped, drop, ledger, loaded_orders, query, wait_for


def operate(cloud: LocalCloud, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command, in a shell that has sourced the local cloud's env.sh, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "ops.common", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=CHECKOUT,
        env={**clean(), **cloud.services().account().variables()},
        check=False,
    )


def done(cloud: LocalCloud, *arguments: str) -> str:
    """What a command printed; fails where it failed."""
    finished = operate(cloud, *arguments)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture
def deployment(local_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """As the commands find it, in this process."""
    for name, value in local_cloud.services().account().variables().items():
        monkeypatch.setenv(name, value)
    return find("local", None, os.environ)


@pytest.fixture
def without_events(local_cloud: LocalCloud, deployment: Deployment) -> Iterator[None]:
    """EventBridge loses every event of the bucket."""
    rule = deployment.rule_arn.rpartition("/")[2]
    deployment.events.disable_rule(Name=rule)
    yield
    deployment.events.enable_rule(Name=rule)


def marker_of(cloud: LocalCloud, dropped: Dropped) -> Dropped:
    """The delete marker that now hides the file."""
    s3 = cloud.session().client("s3")
    version = s3.delete_object(Bucket=cloud.outputs().landing_bucket, Key=dropped.key)["VersionId"]
    return Dropped(key=dropped.key, version_id=version, order_ids=[])


def test_the_local_cloud_is_found_in_a_shell_that_knows_nothing_of_it(
    local_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ops.common.deployment, "STATE", local_cloud.state.root)
    found = find("local", None, {})
    assert found.landing_bucket == local_cloud.outputs().landing_bucket
    assert sum(1 for _ in known_versions(found)) >= 2


def test_inspect_tells_what_happened_to_a_file(local_cloud: LocalCloud) -> None:
    dropped = drop(local_cloud, rows=2, bad_lines=["x-1,no-address,SKU-1,2,19.99,EUR,2026-05-04T10:00:00+02:00,"])
    wait_for(local_cloud, dropped)
    told = done(local_cloud, "inspect", "--key", dropped.key)
    assert f"{dropped.version_id}  loaded" in told
    assert "2 orders loaded, 1 row rejected; stored orders that come from it now: 2" in told
    assert "line 4: " in told
    assert "customer_email" in told
    assert "Dead letters: none of this file" in told


def test_inspect_of_a_file_that_never_was_says_so(local_cloud: LocalCloud) -> None:
    told = done(local_cloud, "inspect", "--key", "incoming/never.csv")
    assert "In the bucket: 0 versions" in told
    assert "In the ledger: 0 versions" in told


@pytest.mark.usefixtures("without_events")
def test_lost_events_of_files_and_deletions_are_found_and_loaded(
    local_cloud: LocalCloud, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = drop(local_cloud)
    deleted = drop(local_cloud)
    marker = marker_of(local_cloud, deleted)

    assert "younger than 5 minutes" in done(local_cloud, "reconcile", "--yes")  # the events may be on their way
    assert ledger(local_cloud, lost) == []

    assert reconcile.run(deployment, yes=False, young=timedelta(0)) == reconcile.SOMETHING_IS_MISSING
    told = capsys.readouterr().out
    assert all(each.version_id in told for each in (lost, deleted, marker))
    assert "samples" not in told

    assert reconcile.run(deployment, yes=True, young=timedelta(0)) == 0
    assert wait_for(local_cloud, lost)["status"] == "loaded"
    assert wait_for(local_cloud, deleted)["rows_loaded"] == len(deleted.order_ids)
    assert wait_for(local_cloud, marker)["status"] == "deleted"
    assert loaded_orders(local_cloud, lost) == lost.order_ids
    capsys.readouterr()
    assert reconcile.run(deployment, yes=False, young=timedelta(0)) == 0
    assert "nothing is missing" in capsys.readouterr().out


def test_a_lost_event_comes_back_from_the_archive(local_cloud: LocalCloud, deployment: Deployment) -> None:
    """The event reached the archive, and then the queue lost it."""
    began = datetime.now(UTC)
    local_cloud.faults.pause_event_source()
    try:
        dropped = drop(local_cloud)
        _receive(deployment.sqs, deployment.queue_url, dropped.key, delete=True)
    finally:
        local_cloud.faults.resume_event_source()
    assert ledger(local_cloud, dropped) == []

    told = done(local_cloud, "replay", "--from", (began - timedelta(minutes=1)).isoformat())

    assert "All of them were sent." in told
    assert wait_for(local_cloud, dropped)["status"] == "loaded"


def test_a_poison_message_comes_back_from_the_dead_letters(local_cloud: LocalCloud, deployment: Deployment) -> None:
    sqs, poison = deployment.sqs, f"poison {uuid.uuid4()}"
    with_patience = sqs.get_queue_attributes(QueueUrl=deployment.queue_url, AttributeNames=["RedrivePolicy"])
    policy = json.loads(with_patience["Attributes"]["RedrivePolicy"])

    def receives(count: int) -> None:
        changed = json.dumps(policy | {"maxReceiveCount": count})
        sqs.set_queue_attributes(QueueUrl=deployment.queue_url, Attributes={"RedrivePolicy": changed})

    receives(1)
    try:
        local_cloud.faults.pause_event_source()
        sqs.send_message(QueueUrl=deployment.queue_url, MessageBody=poison)
        # Received once by a consumer that fails at once, which is its last.
        _receive(sqs, deployment.queue_url, poison)
        sqs.receive_message(QueueUrl=deployment.queue_url)
        told = done(local_cloud, "redrive")
        assert "Dead letters: 1 brought back." in told
        _receive(sqs, deployment.queue_url, poison, delete=True)
    finally:
        receives(policy["maxReceiveCount"])
        local_cloud.faults.resume_event_source()
    assert "Dead letters: none." in done(local_cloud, "redrive")


def _receive(sqs: Any, url: str, part: str, *, delete: bool = False) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for message in sqs.receive_message(QueueUrl=url, VisibilityTimeout=0, WaitTimeSeconds=1).get("Messages", []):
            if part in message["Body"]:
                if delete:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                return
    raise AssertionError(f"{part!r} did not come within 20 s")


def test_undelivered_events_reach_the_queue_and_are_loaded(local_cloud: LocalCloud, deployment: Deployment) -> None:
    rule = deployment.rule_arn.rpartition("/")[2]
    deployment.events.disable_rule(Name=rule)
    dropped = drop(local_cloud)
    deployment.events.enable_rule(Name=rule)
    (version,) = of_key(deployment.s3, deployment.landing_bucket, dropped.key)
    body = version.message(deployment.landing_bucket, "PutObject")
    deployment.sqs.send_message(QueueUrl=deployment.undelivered_queue_url, MessageBody=body)
    told = done(local_cloud, "inspect", "--key", dropped.key)
    assert "Undelivered events: 1 message of this file" in told
    assert "does not know 1 of these versions" in told
    assert "Undelivered events: 1 brought to the queue." in done(local_cloud, "redrive")
    assert wait_for(local_cloud, dropped)["status"] == "loaded"


def test_only_dead_letter_queues_can_be_redriven_as_on_aws(deployment: Deployment) -> None:
    arn = deployment.sqs.get_queue_attributes(QueueUrl=deployment.queue_url, AttributeNames=["QueueArn"])
    with pytest.raises(ClientError, match="Dead Letter Queue"):
        deployment.sqs.start_message_move_task(SourceArn=arn["Attributes"]["QueueArn"])


def test_loading_again_asks_and_changes_nothing_that_is_right(local_cloud: LocalCloud, deployment: Deployment) -> None:
    dropped = drop(local_cloud)
    first = wait_for(local_cloud, dropped)
    assert operate(local_cloud, "reprocess", "--key", dropped.key).returncode == 1  # nobody was there to agree
    _reprocessed(local_cloud, deployment, dropped)
    (again,) = ledger(local_cloud, dropped)
    assert again["file_id"] == first["file_id"]
    assert loaded_orders(local_cloud, dropped) == dropped.order_ids


def test_loading_again_brings_back_orders_and_rejects(local_cloud: LocalCloud, deployment: Deployment) -> None:
    dropped = drop(local_cloud, bad_lines=["x"])
    file_id = wait_for(local_cloud, dropped)["file_id"]
    assert len(query(local_cloud, "DELETE FROM orders WHERE file_id = %s RETURNING 1 AS gone", file_id)) == 3
    assert len(query(local_cloud, "DELETE FROM rejected_rows WHERE file_id = %s RETURNING 1 AS gone", file_id)) == 1
    _reprocessed(local_cloud, deployment, dropped)
    assert loaded_orders(local_cloud, dropped) == dropped.order_ids
    assert len(query(local_cloud, "SELECT 1 AS back FROM rejected_rows WHERE file_id = %s", file_id)) == 1


def _reprocessed(cloud: LocalCloud, deployment: Deployment, dropped: Dropped) -> None:
    assert "It is in the queue." in done(cloud, "reprocess", "--key", dropped.key, "--yes")
    deadline = time.monotonic() + 30
    while sum(counts(deployment.sqs, deployment.queue_url)):
        assert time.monotonic() < deadline, "the queue was not emptied within 30 s"
        time.sleep(0.1)


def test_the_nightly_run_removes_old_rejects_and_keeps_the_ledger(
    local_cloud: LocalCloud, deployment: Deployment
) -> None:
    dropped = drop(local_cloud, bad_lines=["x"])
    file_id = wait_for(local_cloud, dropped)["file_id"]
    age = "UPDATE files SET finished_at = now() - interval '8 days' WHERE file_id = %s RETURNING rows_rejected"
    assert query(local_cloud, age, file_id) == [{"rows_rejected": 1}]
    functions = local_cloud.session().client("lambda")
    (name,) = (
        each["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if each["Handler"].startswith("housekeeping.")
    )
    answered = functions.invoke(FunctionName=name, Payload=b"{}")
    assert json.loads(answered["Payload"].read())["left"] == 0
    assert query(local_cloud, "SELECT 1 FROM rejected_rows WHERE file_id = %s", file_id) == []
    assert "no longer kept" in done(local_cloud, "inspect", "--key", dropped.key)


def test_the_operations_function_names_what_was_badly_asked(deployment: Deployment) -> None:
    answered = deployment.functions.invoke(FunctionName=deployment.operations_function, Payload=b'{"action": "drop"}')
    assert "FunctionError" not in answered
    assert json.loads(answered["Payload"].read())["error"].startswith("action must be")


def test_a_database_that_is_away_is_one_line(local_cloud: LocalCloud) -> None:
    local_cloud.faults.stop_database()
    try:
        finished = operate(local_cloud, "inspect", "--key", "incoming/x.csv")
    finally:
        local_cloud.faults.start_database()
    assert finished.returncode == 1
    assert "inspect: the operations function can't answer: the database could not answer" in finished.stderr
    assert finished.stderr.count("\n") == 1
