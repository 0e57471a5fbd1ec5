"""`make redrive` on the local cloud."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from ops.ingestion import queues
from ops.ingestion.deployed import DeployedIngestion
from ops.ingestion.versions import of_key
from tests.support.ops.local import output, receive, without_events
from tests.support.orders import drop, wait_for


@pytest.fixture
def dead_letter(local_cloud: LocalCloud, ingestion: DeployedIngestion) -> Iterator[str]:
    """A message that SQS moved to the dead-letter queue, while nothing consumes the queue."""
    sqs, poison = ingestion.sqs, f"poison {uuid.uuid4()}"
    attributes = sqs.get_queue_attributes(QueueUrl=ingestion.queue_url, AttributeNames=["RedrivePolicy"])
    policy = json.loads(attributes["Attributes"]["RedrivePolicy"])

    def set_max_receive_count(count: int) -> None:
        changed = json.dumps(policy | {"maxReceiveCount": count})
        sqs.set_queue_attributes(QueueUrl=ingestion.queue_url, Attributes={"RedrivePolicy": changed})

    set_max_receive_count(1)
    try:
        local_cloud.faults.pause_event_source()
        sqs.send_message(QueueUrl=ingestion.queue_url, MessageBody=poison)
        # The first receive is the last one allowed, so the second moves the message to the dead-letter queue.
        receive(sqs, ingestion.queue_url, poison)
        sqs.receive_message(QueueUrl=ingestion.queue_url)
        yield poison
    finally:
        set_max_receive_count(policy["maxReceiveCount"])
        local_cloud.faults.resume_event_source()


def test_a_dead_letter_is_moved_back_to_the_queue(
    local_cloud: LocalCloud, ingestion: DeployedIngestion, dead_letter: str
) -> None:
    assert "Dead letters: 1 moved to the queue." in output(local_cloud, "ingestion", "redrive")
    receive(ingestion.sqs, ingestion.queue_url, dead_letter, delete=True)
    assert "Dead letters: none." in output(local_cloud, "ingestion", "redrive")


def test_a_message_that_a_person_sent_to_the_dead_letter_queue_does_not_stop_the_others(
    local_cloud: LocalCloud, ingestion: DeployedIngestion, dead_letter: str
) -> None:
    by_hand = f"by hand {uuid.uuid4()}"
    ingestion.sqs.send_message(QueueUrl=ingestion.dead_letter_queue_url, MessageBody=by_hand)
    assert "Dead letters: 2 moved to the queue." in output(local_cloud, "ingestion", "redrive")
    for body in (dead_letter, by_hand):
        receive(ingestion.sqs, ingestion.queue_url, body, delete=True)


def test_without_a_destination_a_move_task_fails_at_a_message_without_a_source_as_on_aws(
    ingestion: DeployedIngestion, dead_letter: str
) -> None:
    sqs, by_hand = ingestion.sqs, f"by hand {uuid.uuid4()}"
    sqs.send_message(QueueUrl=ingestion.dead_letter_queue_url, MessageBody=by_hand)
    source = queues.arn(sqs, ingestion.dead_letter_queue_url)
    sqs.start_message_move_task(SourceArn=source)
    (task,) = sqs.list_message_move_tasks(SourceArn=source)["Results"]
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert (task["ApproximateNumberOfMessagesMoved"], task["ApproximateNumberOfMessagesToMove"]) == (1, 2)
    receive(sqs, ingestion.queue_url, dead_letter, delete=True)
    receive(sqs, ingestion.dead_letter_queue_url, by_hand, delete=True)


def test_an_undelivered_event_is_moved_to_the_queue_and_its_file_loaded(
    local_cloud: LocalCloud, ingestion: DeployedIngestion
) -> None:
    with without_events(ingestion):
        dropped = drop(local_cloud)
    (version,) = of_key(ingestion.s3, ingestion.landing_bucket, dropped.key)
    body = version.message(ingestion.landing_bucket, "PutObject")
    ingestion.sqs.send_message(QueueUrl=ingestion.undelivered_queue_url, MessageBody=body)
    assert "Undelivered events: 1 moved to the queue." in output(local_cloud, "ingestion", "redrive")
    assert wait_for(local_cloud, dropped)["status"] == "loaded"


def test_only_dead_letter_queues_can_be_redriven_as_on_aws(ingestion: DeployedIngestion) -> None:
    queue = queues.arn(ingestion.sqs, ingestion.queue_url)
    with pytest.raises(ClientError, match="Dead Letter Queue"):
        ingestion.sqs.start_message_move_task(SourceArn=queue)


def test_a_move_task_needs_a_destination_that_exists_as_on_aws(ingestion: DeployedIngestion) -> None:
    source = queues.arn(ingestion.sqs, ingestion.dead_letter_queue_url)
    with pytest.raises(ClientError, match="DestinationArn doesn't exist"):
        ingestion.sqs.start_message_move_task(SourceArn=source, DestinationArn=f"{source}-2")
