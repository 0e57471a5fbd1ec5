"""Events arrive twice, at the same time or in the wrong order: the tables end up the same."""

from __future__ import annotations

import itertools
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.faults.trial import Trial


def test_one_event_in_eight_messages_at_once_is_loaded_once(trial: Trial) -> None:
    trial.faults.pause_event_source()
    trial.land(trial.content(rows=1000))
    trial.land_other_datasets()
    trial.send(*[landed.event for landed in trial.landed] * 7)
    trial.faults.resume_event_source()
    trial.rest()
    assert trial.tables() == trial.undisturbed()


def test_one_event_in_eight_executions_at_once_is_loaded_once(trial: Trial) -> None:
    trial.faults.pause_event_source()
    landed = trial.land(trial.content(rows=1000))
    trial.take(trial.queue)
    with ThreadPoolExecutor(8) as pool:
        with trial.sessions.held_up(trial.order_id(500)):
            answers = [pool.submit(_invoke, trial, landed.event) for _ in range(8)]
            # One is blocked in its COPY, and the others wait for its row in the ledger.
            trial.sessions.wait_until_held(loads=8)
        assert [answer.result() for answer in answers] == [{"batchItemFailures": []}] * 8
    trial.faults.resume_event_source()
    assert trial.tables() == trial.undisturbed()


def test_versions_of_one_key_end_the_same_in_every_order(trial: Trial) -> None:
    trial.faults.pause_event_source()
    for seed, rows in ((1, 300), (2, 100), (3, 200)):
        trial.land(trial.content(rows=rows, seed=seed))
    trial.take(trial.queue)
    trial.faults.resume_event_source()
    expected = trial.undisturbed()
    for versions in itertools.permutations(trial.landed):
        trial.forget()
        for version in versions:
            trial.send(version.event)
            trial.rest()
        assert trial.tables() == expected, [trial.landed.index(version) + 1 for version in versions]


def _invoke(trial: Trial, body: str) -> Any:
    """Invokes the function as the event source mapping does."""
    attributes = {"ApproximateReceiveCount": "1"}
    record = {"messageId": str(uuid.uuid4()), "receiptHandle": "none", "body": body, "attributes": attributes}
    answer = (
        trial.cloud.session()
        .client("lambda")
        .invoke(
            FunctionName=trial.cloud.outputs().function_name,
            Qualifier="live",
            Payload=json.dumps({"Records": [record]}),
        )
    )
    return json.loads(answer["Payload"].read())
