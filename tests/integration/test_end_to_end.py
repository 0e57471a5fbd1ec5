"""The pipeline on the local cloud: each file that lands becomes rows and rejected rows exactly once."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.stack_outputs import stack_names
from tests.support.orders import drop, event_of, ledger, loaded_orders, query, wait_for


def test_every_stack_is_deployed_by_the_stock_command_line(local_cloud: LocalCloud) -> None:
    stacks = local_cloud.session().client("cloudformation").describe_stacks()["Stacks"]
    ours = {stack["StackName"]: stack["StackStatus"] for stack in stacks if "-local-" in stack["StackName"]}
    assert set(ours.values()) == {"CREATE_COMPLETE"}
    assert ours.keys() == set(stack_names(local_cloud.state.assembly))
    assert {name.rpartition("-")[2] for name in ours} >= {"foundation", "network", "data", "pipeline"}


def test_a_file_that_lands_becomes_rows_and_rejects(local_cloud: LocalCloud) -> None:
    bad = "x-1,no-address,SKU-1,2,19.99,EUR,2026-05-04T10:00:00+02:00,"
    dropped = drop(local_cloud, rows=3, bad_lines=[bad])

    row = wait_for(local_cloud, dropped)

    assert (row["status"], row["rows_loaded"], row["rows_rejected"]) == ("loaded", 3, 1)
    assert loaded_orders(local_cloud, dropped) == dropped.order_ids
    rejects = query(
        local_cloud, "SELECT line_number, raw, reasons FROM rejected_rows WHERE file_id = %s", row["file_id"]
    )
    assert [(reject["line_number"], reject["raw"]) for reject in rejects] == [(5, bad)]
    assert "customer_email" in str(rejects[0]["reasons"])


def test_the_sample_files_are_loaded_with_and_without_rejects(local_cloud: LocalCloud) -> None:
    rows = query(local_cloud, "SELECT status, rows_loaded, rows_rejected FROM files WHERE key LIKE %s", "%/samples/%")
    assert len(rows) >= 2
    assert all(row["status"] == "loaded" and row["rows_loaded"] > 0 for row in rows)
    assert {row["rows_rejected"] > 0 for row in rows} == {True, False}


def test_a_repeated_event_changes_nothing(local_cloud: LocalCloud) -> None:
    dropped = drop(local_cloud)
    first = wait_for(local_cloud, dropped)
    sqs, queue = local_cloud.session().client("sqs"), local_cloud.outputs().queue_url
    for _ in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody=event_of(local_cloud, dropped))
    _wait_until_empty(sqs, queue)
    assert ledger(local_cloud, dropped) == [first]
    assert loaded_orders(local_cloud, dropped) == dropped.order_ids


def test_the_ledger_names_the_version_that_was_read(local_cloud: LocalCloud) -> None:
    first = drop(local_cloud)
    second = drop(local_cloud, key=first.key)
    assert first.version_id != second.version_id
    assert wait_for(local_cloud, first)["version_id"] == first.version_id
    assert wait_for(local_cloud, second)["version_id"] == second.version_id
    assert loaded_orders(local_cloud, first) + loaded_orders(local_cloud, second) == first.order_ids + second.order_ids


class TestEvents:
    """Events of S3 in the queue have the form that the Amazon S3 User Guide describes."""

    @pytest.fixture
    def events(self, local_cloud: LocalCloud) -> Any:
        """A rule with a queue for this test."""
        name = f"probe-{uuid.uuid4().hex[:8]}"
        session = local_cloud.session()
        sqs, rules = session.client("sqs"), session.client("events")
        queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
        rules.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.s3"]}))
        rules.put_targets(Rule=name, Targets=[{"Id": "probe", "Arn": arn}])

        def receive(key: str) -> dict[str, Any]:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
                    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                    event: dict[str, Any] = json.loads(message["Body"])
                    if event["detail"]["object"]["key"] == key:
                        return event
            raise AssertionError(f"no event of {key} within 20 s")

        yield receive
        rules.remove_targets(Rule=name, Ids=["probe"])
        rules.delete_rule(Name=name)
        sqs.delete_queue(QueueUrl=queue)

    def test_a_creation_event_has_its_version_size_and_sequencer(self, local_cloud: LocalCloud, events: Any) -> None:
        dropped = drop(local_cloud)
        event = events(dropped.key)
        assert (event["detail-type"], event["source"]) == ("Object Created", "aws.s3")
        assert event["detail"]["object"]["version-id"] == dropped.version_id
        assert event["detail"]["object"]["size"] > 0
        assert int(event["detail"]["object"]["sequencer"], 16) > 0
        assert event["detail"]["reason"] == "PutObject"

    def test_a_delete_marker_event_has_its_own_version_and_no_size(self, local_cloud: LocalCloud, events: Any) -> None:
        dropped = drop(local_cloud)
        created = events(dropped.key)
        s3, bucket = local_cloud.session().client("s3"), local_cloud.outputs().landing_bucket
        marker = s3.delete_object(Bucket=bucket, Key=dropped.key)["VersionId"]
        event = events(dropped.key)
        assert event["detail-type"] == "Object Deleted"
        assert event["detail"]["deletion-type"] == "Delete Marker Created"
        assert event["detail"]["object"]["version-id"] == marker
        assert "size" not in event["detail"]["object"]
        assert event["detail"]["object"]["sequencer"] > created["detail"]["object"]["sequencer"]

    def test_the_event_of_a_permanent_deletion_names_the_version(self, local_cloud: LocalCloud, events: Any) -> None:
        dropped = drop(local_cloud)
        events(dropped.key)
        s3, bucket = local_cloud.session().client("s3"), local_cloud.outputs().landing_bucket
        s3.delete_object(Bucket=bucket, Key=dropped.key, VersionId=dropped.version_id)
        event = events(dropped.key)
        assert event["detail"]["deletion-type"] == "Permanently Deleted"
        assert event["detail"]["object"]["version-id"] == dropped.version_id


def _wait_until_empty(sqs: Any, queue: str) -> None:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        counts = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        if all(int(counts[name]) == 0 for name in names):
            return
        time.sleep(0.1)
    raise AssertionError(f"{queue} was not emptied within 30 s")
