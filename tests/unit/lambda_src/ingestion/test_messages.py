"""Only failed messages are reported, and each becomes visible again after a growing backoff."""

from __future__ import annotations

import logging
from typing import Any, cast

import psycopg
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ingestion.deadline import OutOfTimeError
from ingestion.event import EventError
from ingestion.messages import backoff_seconds, is_transient, process_messages


class FakeSqs:
    def __init__(self, error: Exception | None = None) -> None:
        self.backoffs: dict[str, int] = {}
        self._error = error

    def change_message_visibility(self, **arguments: Any) -> None:
        assert arguments["QueueUrl"] == "queue"
        self.backoffs[arguments["ReceiptHandle"]] = arguments["VisibilityTimeout"]
        if self._error:
            raise self._error


def message(name: str, receive_count: int = 1) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(receive_count)}
    return {"messageId": name, "receiptHandle": f"receipt-{name}", "body": name, "attributes": attributes}


def client_error(status: int, code: str = "Code") -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Get")  # type: ignore[typeddict-item] # the part that is read


def run(messages: list[dict[str, Any]], sqs: FakeSqs, bad: dict[str, Exception]) -> list[str]:
    def process(body: str, retried: bool) -> None:
        if body in bad:
            raise bad[body]

    answer = process_messages(messages, process, sqs=cast("Any", sqs), queue_url="queue", initial_backoff_seconds=30)
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_only_failed_messages_are_reported() -> None:
    sqs = FakeSqs()
    bad: dict[str, Exception] = {"b": psycopg.OperationalError("away")}
    assert run([message("a"), message("b"), message("c")], sqs, bad) == ["b"]
    assert sqs.backoffs == {"receipt-b": 30}


def test_a_message_that_was_received_before_is_a_retry() -> None:
    calls: list[tuple[str, bool]] = []
    process_messages(
        [message("a", receive_count=1), message("b", receive_count=2)],
        lambda *call: calls.append(call),
        sqs=cast("Any", FakeSqs()),
        queue_url="queue",
        initial_backoff_seconds=30,
    )
    assert calls == [("a", False), ("b", True)]


def test_the_backoff_doubles_with_every_receive_up_to_fifteen_minutes() -> None:
    assert [backoff_seconds(count, 30) for count in range(1, 9)] == [30, 60, 120, 240, 480, 900, 900, 900]


def test_the_backoff_follows_the_receive_count_of_the_message() -> None:
    sqs = FakeSqs()
    run([message("a", receive_count=4)], sqs, {"a": EventError("no event")})
    assert sqs.backoffs == {"receipt-a": 240}


def test_a_backoff_that_cannot_be_set_affects_no_other_message() -> None:
    sqs = FakeSqs(client_error(400))
    assert run([message("a"), message("b")], sqs, {"a": RuntimeError(), "b": RuntimeError()}) == ["a", "b"]


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
        (psycopg.errors.ProgramLimitExceeded(), False),
        (EventError(), False),
        (KeyError(), False),
    ],
)
def test_transient_errors_are_distinguished_from_errors_that_a_person_must_fix(
    error: Exception, expected: bool
) -> None:
    assert is_transient(error) is expected


def test_a_bug_is_logged_with_its_traceback_and_a_transient_error_without(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run([message("a"), message("b")], FakeSqs(), {"a": KeyError("x"), "b": psycopg.OperationalError("away")})
    bug, transient = caplog.records
    assert (bug.levelno, bool(bug.exc_info)) == (logging.ERROR, True)
    assert (transient.levelno, bool(transient.exc_info)) == (logging.WARNING, False)
