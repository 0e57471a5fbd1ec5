"""The function is killed, runs out of time or is throttled: the message returns, and the file is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.support.faults.trial import LARGE, Trial
from tests.support.orders import eventually

TIMEOUT_SECONDS = 12  # the function reserves a third of it for stopping
VISIBILITY_SECONDS = 5


def test_a_function_killed_in_the_middle_of_a_load_leaves_nothing_behind_and_the_next_one_loads(trial: Trial) -> None:
    with _visibility(trial), trial.sessions.held_up(trial.order_id(LARGE - 1000)) as let_go:
        landed = trial.land(trial.content(rows=LARGE))
        trial.sessions.wait_until_held()
        ((orphan, _),) = trial.sessions.held()
        trial.land_other_datasets()
        assert trial.faults.kill_function() >= 1
        assert orphan in trial.sessions.working()
        let_go()
        eventually(lambda: orphan not in trial.sessions.working(), "the end of the orphaned transaction")
        trial.rest()
    assert trial.failures(landed) == [], "a killed function logs nothing"
    assert trial.tables() == trial.undisturbed()


@pytest.mark.usefixtures("short_timeout")
def test_a_load_that_waits_for_a_lock_stops_before_its_timeout_and_is_retried_soon(trial: Trial) -> None:
    with psycopg.connect(trial.cloud.outputs().database_url) as blocker:
        blocker.execute("LOCK TABLE orders")
        landed = trial.land(trial.content(rows=100))
        trial.sessions.wait_until_held()
        trial.wait_for_failure(landed)
    trial.rest()
    assert trial.tables() == trial.undisturbed()


@pytest.mark.usefixtures("short_timeout")
def test_a_load_whose_database_stops_responding_stops_before_its_timeout_and_is_retried_soon(
    trial: Trial,
) -> None:
    with trial.sessions.held_up(trial.order_id(LARGE - 1000)):
        landed = trial.land(trial.content(rows=LARGE))
        trial.sessions.wait_until_held()
        trial.faults.connections.stall()
    trial.wait_for_failure(landed)
    trial.faults.connections.resume()
    trial.rest()
    assert trial.tables() == trial.undisturbed()


def test_files_that_land_while_the_function_is_throttled_are_loaded_later(trial: Trial) -> None:
    """Meanwhile the emulator's event source receives no messages; Lambda's would, which raises their receive counts."""
    functions, name = trial.cloud.session().client("lambda"), trial.cloud.outputs().function_name
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        with pytest.raises(functions.exceptions.TooManyRequestsException):
            functions.invoke(FunctionName=name, Qualifier="live", Payload=b'{"Records": []}')
        for number in range(5):
            trial.land(trial.content(rows=100, seed=number), key=f"{number}.csv")
        trial.land_other_datasets()
        assert trial.count(trial.queue) == len(trial.landed) == 8
    finally:
        functions.delete_function_concurrency(FunctionName=name)
    trial.rest()
    assert trial.tables() == trial.undisturbed()


@pytest.fixture
def short_timeout(trial: Trial) -> Iterator[None]:
    """Traffic goes to a version of the function with a timeout of TIMEOUT_SECONDS."""
    functions, name = trial.cloud.session().client("lambda"), trial.cloud.outputs().function_name
    timeout = functions.get_function_configuration(FunctionName=name)["Timeout"]
    version = functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    functions.update_function_configuration(FunctionName=name, Timeout=TIMEOUT_SECONDS)
    published = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=published)
    yield
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    functions.update_function_configuration(FunctionName=name, Timeout=timeout)
    functions.delete_function(FunctionName=name, Qualifier=published)


@contextmanager
def _visibility(trial: Trial) -> Iterator[None]:
    """Messages whose visibility timeout the function didn't change return after VISIBILITY_SECONDS."""
    stock = trial.sqs.get_queue_attributes(QueueUrl=trial.queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    trial.sqs.set_queue_attributes(QueueUrl=trial.queue, Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS)})
    try:
        yield
    finally:
        trial.sqs.set_queue_attributes(QueueUrl=trial.queue, Attributes=stock)
