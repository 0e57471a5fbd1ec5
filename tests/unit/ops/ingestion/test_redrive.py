"""`make redrive` moves dead letters and undelivered events to the queue, and waits until that is done."""

from __future__ import annotations

from typing import Any

import pytest

from ops.common.errors import CommandError
from ops.ingestion import queues, redrive
from tests.support.ops.stubs import ARN, Stubs

SOURCE, DESTINATION = f"{ARN}dead", f"{ARN}queue"
PREVIOUS = {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 99, "StartedTimestamp": 1}


def begins(aws: Stubs, *, visible: int, tasks: list[dict[str, Any]], in_flight: int = 0) -> None:
    asked = {"QueueUrl": "https://sqs/dead", "AttributeNames": ["QueueArn"]}
    aws.expect("sqs", "get_queue_attributes", {"Attributes": {"QueueArn": SOURCE}}, asked)
    aws.queue_holds(visible, in_flight)
    aws.expect("sqs", "list_message_move_tasks", {"Results": tasks}, {"SourceArn": SOURCE, "MaxResults": 1})


def starts(aws: Stubs) -> None:
    asked = {"QueueUrl": "https://sqs/queue", "AttributeNames": ["QueueArn"]}
    aws.expect("sqs", "get_queue_attributes", {"Attributes": {"QueueArn": DESTINATION}}, asked)
    task = {"SourceArn": SOURCE, "DestinationArn": DESTINATION}
    aws.expect("sqs", "start_message_move_task", {"TaskHandle": "h"}, task)


def tells(aws: Stubs, status: str, moved: int, **more: Any) -> None:
    task = {"Status": status, "ApproximateNumberOfMessagesMoved": moved, "StartedTimestamp": 2, **more}
    aws.expect("sqs", "list_message_move_tasks", {"Results": [task]})


def no_undelivered(aws: Stubs) -> None:
    aws.expect("sqs", "receive_message", {})


def test_dead_letters_are_moved_to_the_queue_and_counted(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    begins(aws, visible=7, tasks=[PREVIOUS])
    starts(aws)
    aws.expect("sqs", "list_message_move_tasks", {"Results": [PREVIOUS]})  # SQS lists the new task a moment later
    tells(aws, "RUNNING", 3)
    tells(aws, "COMPLETED", 7)
    no_undelivered(aws)
    assert redrive.run(aws.ingestion(), poll_seconds=0) == 0
    shown = capsys.readouterr().out
    assert "moving about 7 to the queue" in shown
    assert "3 so far" in shown
    assert "7 moved to the queue" in shown
    assert "Undelivered events: none." in shown


def test_without_dead_letters_no_task_is_started(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    begins(aws, visible=0, tasks=[])
    no_undelivered(aws)
    assert redrive.run(aws.ingestion(), poll_seconds=0) == 0
    assert "Dead letters: none." in capsys.readouterr().out


def test_dead_letters_in_flight_are_reported(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    begins(aws, visible=0, tasks=[], in_flight=3)
    no_undelivered(aws)
    assert redrive.run(aws.ingestion(), poll_seconds=0) == 0
    assert "another client has received 3: try again in a minute" in capsys.readouterr().out


def test_a_running_task_is_followed_and_no_second_one_started(aws: Stubs) -> None:
    begins(aws, visible=7, tasks=[{"Status": "RUNNING"}])
    tells(aws, "COMPLETED", 7)
    no_undelivered(aws)
    assert redrive.run(aws.ingestion(), poll_seconds=0) == 0


def test_a_failed_task_is_an_error_with_its_reason_and_progress(aws: Stubs) -> None:
    begins(aws, visible=7, tasks=[])
    starts(aws)
    tells(aws, "FAILED", 2, FailureReason="AccessDenied")
    with pytest.raises(CommandError, match=r"after 2 dead letters \(FAILED: AccessDenied\)"):
        redrive.run(aws.ingestion(), poll_seconds=0)


def test_undelivered_events_are_deleted_only_after_they_are_sent(
    aws: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    begins(aws, visible=0, tasks=[])
    aws.expect("sqs", "receive_message", {"Messages": [{"Body": "{}", "ReceiptHandle": "r", "MessageId": "m"}]})
    entries = [{"Id": "0", "MessageBody": "{}", "MessageGroupId": queues.GROUP}]
    sent = {"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "0"}], "Failed": []}
    aws.expect("sqs", "send_message_batch", sent, {"QueueUrl": "https://sqs/queue", "Entries": entries})
    aws.expect(
        "sqs",
        "delete_message_batch",
        {"Successful": [{"Id": "0"}], "Failed": []},
        {"QueueUrl": "https://sqs/undelivered", "Entries": [{"Id": "0", "ReceiptHandle": "r"}]},
    )
    no_undelivered(aws)
    redrive.run(aws.ingestion(), poll_seconds=0)
    assert "Undelivered events: 1 moved to the queue." in capsys.readouterr().out


def test_undelivered_events_that_the_queue_refuses_are_not_deleted(aws: Stubs) -> None:
    begins(aws, visible=0, tasks=[])
    aws.expect("sqs", "receive_message", {"Messages": [{"Body": "{}", "ReceiptHandle": "r", "MessageId": "m"}]})
    refused = {"Id": "0", "SenderFault": False, "Code": "x"}
    aws.expect("sqs", "send_message_batch", {"Successful": [], "Failed": [refused]})
    with pytest.raises(CommandError, match="refused"):
        redrive.run(aws.ingestion(), poll_seconds=0)
