"""Dead letters and undelivered events come back, followed to the end."""

from __future__ import annotations

from typing import Any

import pytest

from ops.common.errors import OperationsError
from ops.ingestion import redrive
from tests.unit.ops.conftest import ARN, Stubs

SOURCE = f"{ARN}dead"
FORMER = {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 99, "StartedTimestamp": 1}


def begins(aws: Stubs, *, waiting: int, tasks: list[dict[str, Any]], in_sight: int = 0) -> None:
    asked = {"QueueUrl": "https://sqs/dead", "AttributeNames": ["QueueArn"]}
    aws.expect("sqs", "get_queue_attributes", {"Attributes": {"QueueArn": SOURCE}}, asked)
    aws.queue_holds(waiting, in_sight)
    aws.expect("sqs", "list_message_move_tasks", {"Results": tasks}, {"SourceArn": SOURCE, "MaxResults": 1})


def tells(aws: Stubs, status: str, moved: int, **more: Any) -> None:
    task = {"Status": status, "ApproximateNumberOfMessagesMoved": moved, "StartedTimestamp": 2, **more}
    aws.expect("sqs", "list_message_move_tasks", {"Results": [task]})


def no_undelivered(aws: Stubs) -> None:
    aws.expect("sqs", "receive_message", {})


def test_dead_letters_are_brought_back_and_counted(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    begins(aws, waiting=7, tasks=[FORMER])
    aws.expect("sqs", "start_message_move_task", {"TaskHandle": "h"}, {"SourceArn": SOURCE})
    aws.expect("sqs", "list_message_move_tasks", {"Results": [FORMER]})  # the new one is listed a moment late
    tells(aws, "RUNNING", 3)
    tells(aws, "COMPLETED", 7)
    no_undelivered(aws)
    assert redrive.run(aws.deployment(), poll_seconds=0) == 0
    shown = capsys.readouterr().out
    assert "bringing about 7 back" in shown
    assert "3 so far" in shown
    assert "7 brought back" in shown
    assert "Undelivered events: none." in shown


def test_nothing_to_bring_back_starts_nothing(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    begins(aws, waiting=0, tasks=[])
    no_undelivered(aws)
    assert redrive.run(aws.deployment(), poll_seconds=0) == 0
    assert "Dead letters: none." in capsys.readouterr().out


def test_dead_letters_that_someone_looks_at_are_not_called_none(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    begins(aws, waiting=0, tasks=[], in_sight=3)
    no_undelivered(aws)
    assert redrive.run(aws.deployment(), poll_seconds=0) == 0
    assert "someone looks at 3 right now: try again in a minute" in capsys.readouterr().out


def test_a_task_that_runs_already_is_followed_and_not_started_again(aws: Stubs) -> None:
    begins(aws, waiting=7, tasks=[{"Status": "RUNNING"}])
    tells(aws, "COMPLETED", 7)
    no_undelivered(aws)
    assert redrive.run(aws.deployment(), poll_seconds=0) == 0


def test_a_task_that_fails_says_why_and_how_far_it_came(aws: Stubs) -> None:
    begins(aws, waiting=7, tasks=[])
    aws.expect("sqs", "start_message_move_task", {"TaskHandle": "h"})
    tells(aws, "FAILED", 2, FailureReason="AccessDenied")
    with pytest.raises(OperationsError, match=r"after 2 dead letters \(FAILED: AccessDenied\)"):
        redrive.run(aws.deployment(), poll_seconds=0)


def test_undelivered_events_are_deleted_only_when_they_are_in_the_queue(
    aws: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    begins(aws, waiting=0, tasks=[])
    aws.expect("sqs", "receive_message", {"Messages": [{"Body": "{}", "ReceiptHandle": "r", "MessageId": "m"}]})
    entries = [{"Id": "0", "MessageBody": "{}"}]
    sent = {"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "0"}], "Failed": []}
    aws.expect("sqs", "send_message_batch", sent, {"QueueUrl": "https://sqs/queue", "Entries": entries})
    aws.expect(
        "sqs",
        "delete_message_batch",
        {"Successful": [{"Id": "0"}], "Failed": []},
        {"QueueUrl": "https://sqs/undelivered", "Entries": [{"Id": "0", "ReceiptHandle": "r"}]},
    )
    no_undelivered(aws)
    redrive.run(aws.deployment(), poll_seconds=0)
    assert "Undelivered events: 1 brought to the queue." in capsys.readouterr().out


def test_undelivered_events_that_the_queue_refuses_stay_where_they_are(aws: Stubs) -> None:
    begins(aws, waiting=0, tasks=[])
    aws.expect("sqs", "receive_message", {"Messages": [{"Body": "{}", "ReceiptHandle": "r", "MessageId": "m"}]})
    refused = {"Id": "0", "SenderFault": False, "Code": "x"}
    aws.expect("sqs", "send_message_batch", {"Successful": [], "Failed": [refused]})
    with pytest.raises(OperationsError, match="refused"):
        redrive.run(aws.deployment(), poll_seconds=0)
