"""`make redrive` on the local cloud."""

from __future__ import annotations

import json
import uuid

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from ops.ingestion.deployed import DeployedIngestion
from ops.ingestion.versions import of_key
from tests.support.ops.local import output, receive
from tests.support.orders import drop, wait_for


def test_a_dead_letter_is_moved_back_to_the_queue(local_cloud: LocalCloud, ingestion: DeployedIngestion) -> None:
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
        assert "Dead letters: 1 moved to the queue." in output(local_cloud, "ingestion", "redrive")
        receive(sqs, ingestion.queue_url, poison, delete=True)
    finally:
        set_max_receive_count(policy["maxReceiveCount"])
        local_cloud.faults.resume_event_source()
    assert "Dead letters: none." in output(local_cloud, "ingestion", "redrive")


def test_an_undelivered_event_is_moved_to_the_queue_and_its_file_loaded(
    local_cloud: LocalCloud, ingestion: DeployedIngestion
) -> None:
    rule = ingestion.rule_arn.rpartition("/")[2]
    ingestion.events.disable_rule(Name=rule)
    dropped = drop(local_cloud)
    ingestion.events.enable_rule(Name=rule)
    (version,) = of_key(ingestion.s3, ingestion.landing_bucket, dropped.key)
    body = version.message(ingestion.landing_bucket, "PutObject")
    ingestion.sqs.send_message(QueueUrl=ingestion.undelivered_queue_url, MessageBody=body)
    assert "Undelivered events: 1 moved to the queue." in output(local_cloud, "ingestion", "redrive")
    assert wait_for(local_cloud, dropped)["status"] == "loaded"


def test_only_dead_letter_queues_can_be_redriven_as_on_aws(ingestion: DeployedIngestion) -> None:
    arn = ingestion.sqs.get_queue_attributes(QueueUrl=ingestion.queue_url, AttributeNames=["QueueArn"])
    with pytest.raises(ClientError, match="Dead Letter Queue"):
        ingestion.sqs.start_message_move_task(SourceArn=arn["Attributes"]["QueueArn"])
