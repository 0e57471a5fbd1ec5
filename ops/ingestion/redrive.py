"""Moves dead letters and undelivered events back to the queue."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ops.common.errors import CommandError
from ops.common.terminal import show
from ops.ingestion import queues
from ops.ingestion.deployed import DeployedIngestion

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import ListMessageMoveTasksResultEntryTypeDef as MoveTask

_RUNNING = ("RUNNING", "CANCELLING")


def run(ingestion: DeployedIngestion, *, poll_seconds: float = 2.0) -> int:
    """Move the messages of both queues, wait until that is done, and return the exit code."""
    show(f"Moving the dead letters and the undelivered events of {ingestion.environment.label} back to the queue.")
    _move_dead_letters(ingestion, poll_seconds)
    _move_undelivered_events(ingestion)
    return 0


def _move_dead_letters(ingestion: DeployedIngestion, poll_seconds: float) -> None:
    sqs = ingestion.sqs
    source = queues.arn(sqs, ingestion.dead_letter_queue_url)
    visible, in_flight = queues.counts(sqs, ingestion.dead_letter_queue_url)
    previous = _newest_task(ingestion, source)
    if previous is not None and previous["Status"] in _RUNNING:
        show("Dead letters: a redrive is already running; waiting for it.")
        previous = None
    elif not visible:
        hidden = f" But another client has received {in_flight}: try again in a minute." if in_flight else ""
        show(f"Dead letters: none.{hidden}")
        return
    else:
        show(f"Dead letters: moving about {visible} to the queue.")
        # Without a destination, one message that somebody sent to the dead-letter queue directly would fail every task
        # (CouldNotDetermineMessageSource).
        destination = queues.arn(sqs, ingestion.queue_url)
        sqs.start_message_move_task(SourceArn=source, DestinationArn=destination)
    task = _finished_task(ingestion, source, previous, poll_seconds)
    moved = task.get("ApproximateNumberOfMessagesMoved", 0)
    if task["Status"] != "COMPLETED":
        reason = task.get("FailureReason", "no reason given")
        raise CommandError(f"SQS stopped after {moved} dead letters ({task['Status']}: {reason}): run it again")
    show(f"Dead letters: {moved} moved to the queue. Those that fail again return to the dead-letter queue.")


def _finished_task(
    ingestion: DeployedIngestion, source: str, previous: MoveTask | None, poll_seconds: float
) -> MoveTask:
    """Wait until the task after `previous` has ended: SQS may list a new task a moment after its start."""
    shown = 0
    while True:
        task = _newest_task(ingestion, source)
        if task is not None and (previous is None or task["StartedTimestamp"] != previous["StartedTimestamp"]):
            if task["Status"] not in _RUNNING:
                return task
            moved = task.get("ApproximateNumberOfMessagesMoved", 0)
            if moved != shown:
                show(f"  {moved} so far")
                shown = moved
        time.sleep(poll_seconds)


def _newest_task(ingestion: DeployedIngestion, source: str) -> MoveTask | None:
    found = ingestion.sqs.list_message_move_tasks(SourceArn=source, MaxResults=1).get("Results", [])
    return found[0] if found else None


def _move_undelivered_events(ingestion: DeployedIngestion) -> None:
    """Moves each message with send and delete: SQS has move tasks only for dead-letter queues of other queues.

    A failure between the two leaves the message in both queues. Loading a file twice changes nothing.
    """
    sqs, url = ingestion.sqs, ingestion.undelivered_queue_url
    moved = 0
    for batch in queues.receive_all(sqs, url):
        queues.send(sqs, ingestion.queue_url, (message["Body"] for message in batch))
        sqs.delete_message_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(batch)
            ],
        )
        moved += len(batch)
    show(f"Undelivered events: {moved} moved to the queue." if moved else "Undelivered events: none.")
