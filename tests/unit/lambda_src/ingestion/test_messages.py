"""Working off messages: what failed is reported alone, and comes back after a growing wait."""

from __future__ import annotations

import logging
from typing import Any, cast

import psycopg
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ingestion.deadline import OutOfTimeError
from ingestion.event import EventError
from ingestion.messages import passes, wait_seconds, work_off


class FakeSqs:
    def __init__(self, error: Exception | None = None) -> None:
        self.waits: dict[str, int] = {}
        self._error = error

    def change_message_visibility(self, **arguments: Any) -> None:
        assert arguments["QueueUrl"] == "queue"
        self.waits[arguments["ReceiptHandle"]] = arguments["VisibilityTimeout"]
        if self._error:
            raise self._error


def message(name: str, receives: int = 1) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(receives)}
    return {"messageId": name, "receiptHandle": f"receipt-{name}", "body": name, "attributes": attributes}


def client_error(status: int, code: str = "Code") -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Get")  # type: ignore[typeddict-item]


def work(messages: list[dict[str, Any]], sqs: FakeSqs, bad: dict[str, Exception]) -> list[str]:
    def take(body: str) -> None:
        if body in bad:
            raise bad[body]

    answer = work_off(messages, take, sqs=cast("Any", sqs), queue_url="queue", initial_backoff_seconds=30)
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_only_what_failed_is_reported() -> None:
    sqs = FakeSqs()
    bad: dict[str, Exception] = {"b": psycopg.OperationalError("away")}
    assert work([message("a"), message("b"), message("c")], sqs, bad) == ["b"]
    assert sqs.waits == {"receipt-b": 30}


def test_the_wait_doubles_with_every_receive_up_to_fifteen_minutes() -> None:
    assert [wait_seconds(receives, 30) for receives in range(1, 9)] == [30, 60, 120, 240, 480, 900, 900, 900]


def test_the_wait_follows_the_receive_count_of_the_message() -> None:
    sqs = FakeSqs()
    work([message("a", receives=4)], sqs, {"a": EventError("no event")})
    assert sqs.waits == {"receipt-a": 240}


def test_a_wait_that_can_not_be_set_fails_nothing_else() -> None:
    sqs = FakeSqs(client_error(400))
    assert work([message("a"), message("b")], sqs, {"a": RuntimeError(), "b": RuntimeError()}) == ["a", "b"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (psycopg.OperationalError(), True),
        (psycopg.errors.DeadlockDetected(), True),
        (psycopg.InterfaceError(), True),
        (psycopg.errors.QueryCanceled(), True),
        (OutOfTimeError(), True),
        (psycopg.errors.ReadOnlySqlTransaction(), True),
        (EndpointConnectionError(endpoint_url="x"), True),
        (client_error(503), True),
        (client_error(400, "SlowDown"), True),
        (client_error(403, "AccessDenied"), False),
        (psycopg.errors.UndefinedTable(), False),
        (EventError(), False),
        (KeyError(), False),
    ],
)
def test_what_passes_by_itself_is_told_from_what_someone_must_mend(error: Exception, expected: bool) -> None:
    assert passes(error) is expected


def test_a_fault_of_ours_is_logged_with_its_traceback_and_a_passing_one_without(
    caplog: pytest.LogCaptureFixture,
) -> None:
    work([message("a"), message("b")], FakeSqs(), {"a": KeyError("x"), "b": psycopg.OperationalError("away")})
    ours, passing = caplog.records
    assert (ours.levelno, bool(ours.exc_info)) == (logging.ERROR, True)
    assert (passing.levelno, bool(passing.exc_info)) == (logging.WARNING, False)
