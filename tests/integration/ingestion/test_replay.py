"""A replay sends archived events to the rules that it names, and to no others."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from ops.ingestion.deployed import DeployedIngestion
from tests.support.ops.local import output, receive, without_events
from tests.support.orders import Dropped, drop, ledger, loaded_orders, wait_for

Received = Callable[[Dropped, float], list[dict[str, Any]]]


@pytest.fixture
def other_rule(local_cloud: LocalCloud) -> Iterator[tuple[str, Received]]:
    """Another rule of the account for the same events, and what its queue received of a file."""
    name = f"other-{uuid.uuid4().hex[:8]}"
    sqs, events = local_cloud.session().client("sqs"), local_cloud.session().client("events")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.s3"]}))["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])

    def received(dropped: Dropped, seconds: float) -> list[dict[str, Any]]:
        found, deadline = [], time.monotonic() + seconds
        while time.monotonic() < deadline:
            for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                event = json.loads(message["Body"])
                found += [event] if event["detail"]["object"]["key"] == dropped.key else []
        return found

    yield rule, received
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)
    sqs.delete_queue(QueueUrl=queue)


def _replay(cloud: LocalCloud, *rules: str) -> None:
    """Replay the last five minutes, and wait until that is done."""
    events = cloud.session().client("events")
    (archive,) = events.list_archives()["Archives"]
    described = events.describe_archive(ArchiveName=archive["ArchiveName"])
    name, now = f"test-{uuid.uuid4().hex[:8]}", datetime.now(UTC)
    events.start_replay(
        ReplayName=name,
        EventSourceArn=described["ArchiveArn"],
        EventStartTime=now - timedelta(minutes=5),
        EventEndTime=now + timedelta(seconds=1),
        Destination={"Arn": described["EventSourceArn"], "FilterArns": list(rules)},
    )
    deadline = time.monotonic() + 20
    while events.describe_replay(ReplayName=name)["State"] != "COMPLETED":
        assert time.monotonic() < deadline, "the replay took more than 20 s"
        time.sleep(0.1)


def test_the_replay_command_loads_a_file_whose_message_was_lost(
    local_cloud: LocalCloud, ingestion: DeployedIngestion
) -> None:
    began = datetime.now(UTC)
    local_cloud.faults.pause_event_source()
    try:
        dropped = drop(local_cloud)
        receive(ingestion.sqs, ingestion.queue_url, dropped.key, delete=True)
    finally:
        local_cloud.faults.resume_event_source()
    assert ledger(local_cloud, dropped) == []

    start = (began - timedelta(minutes=1)).isoformat()
    assert "Replayed all events." in output(local_cloud, "ingestion", "replay", "--from", start)

    assert wait_for(local_cloud, dropped)["status"] == "loaded"


def test_a_replay_loads_a_file_whose_event_was_lost_and_reaches_no_other_rule(
    local_cloud: LocalCloud, ingestion: DeployedIngestion, other_rule: tuple[str, Received]
) -> None:
    _, received = other_rule
    with without_events(ingestion):
        dropped = drop(local_cloud)
        (live,) = received(dropped, 3)
    assert "replay-name" not in live
    assert ledger(local_cloud, dropped) == []

    _replay(local_cloud, *ingestion.rule_arns)

    assert wait_for(local_cloud, dropped)["status"] == "loaded"
    assert loaded_orders(local_cloud, dropped) == dropped.order_ids
    assert received(dropped, 2) == [], "the replay named another rule"


def test_a_replayed_event_differs_from_the_original_only_in_the_replay_name(
    local_cloud: LocalCloud, other_rule: tuple[str, Received]
) -> None:
    rule, received = other_rule
    dropped = drop(local_cloud)
    (live,) = received(dropped, 3)
    _replay(local_cloud, rule)
    (again,) = received(dropped, 3)
    assert again.pop("replay-name").startswith("test-")
    assert again == live
