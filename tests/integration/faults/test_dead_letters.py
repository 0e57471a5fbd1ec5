"""Messages that can't be processed go to the dead-letter queue, and their files are loaded after the cause is fixed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest

from tests.support.faults.trial import Trial
from tests.support.orders import eventually

RECEIVES = 3  # after 1 + 2 + 4 seconds


@pytest.fixture(autouse=True)
def few_receives(trial: Trial) -> Iterator[None]:
    """Messages go to the dead-letter queue after RECEIVES, so that no test waits for half a minute."""
    stock = trial.sqs.get_queue_attributes(QueueUrl=trial.queue, AttributeNames=["RedrivePolicy"])["Attributes"]
    policy = json.dumps(json.loads(stock["RedrivePolicy"]) | {"maxReceiveCount": RECEIVES})
    trial.sqs.set_queue_attributes(QueueUrl=trial.queue, Attributes={"RedrivePolicy": policy})
    yield
    trial.sqs.set_queue_attributes(QueueUrl=trial.queue, Attributes=stock)


def test_a_message_that_is_not_an_event_goes_to_the_dead_letter_queue_and_delays_no_file(trial: Trial) -> None:
    trial.send("no event of anybody")
    trial.land(trial.content(rows=100))
    eventually(lambda: trial.count(trial.dead_letters) == 1, "the message in the dead-letter queue")
    assert trial.take(trial.dead_letters) == ["no event of anybody"]
    assert trial.count(trial.queue) == 0
    assert trial.tables() == trial.undisturbed()


def test_a_file_that_cannot_be_written_goes_to_the_dead_letter_queue_and_loads_after_a_redrive(trial: Trial) -> None:
    with psycopg.connect(trial.cloud.outputs().database_url, autocommit=True) as administrator:
        administrator.execute("REVOKE INSERT ON orders FROM ingestion")
        try:
            landed = trial.land(trial.content(rows=100))
            eventually(lambda: trial.count(trial.dead_letters) == 1, "the message in the dead-letter queue")
        finally:
            administrator.execute("GRANT INSERT ON orders TO ingestion")
    assert len(trial.failures(landed)) == RECEIVES
    assert trial.tables()["files"][0] == 0
    trial.redrive()
    trial.rest()
    assert trial.tables() == trial.undisturbed()
