"""Brings back what failed: dead letters to the queue they came from, undelivered events to the queue they missed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ops.common.deployment import Deployment
from ops.common.errors import OperationsError
from ops.ingestion import queues

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import ListMessageMoveTasksResultEntryTypeDef as Task

_UNDER_WAY = ("RUNNING", "CANCELLING")


def run(deployment: Deployment, *, poll_seconds: float = 2.0) -> int:
    """Do both, and return the exit code."""
    print(f"Brings back the dead letters and the undelivered events of {deployment.place}.")
    _dead_letters(deployment, poll_seconds)
    _undelivered(deployment)
    return 0


def _dead_letters(deployment: Deployment, poll_seconds: float) -> None:
    sqs = deployment.sqs
    source = queues.arn(sqs, deployment.dead_letter_queue_url)
    waiting, in_sight = queues.counts(sqs, deployment.dead_letter_queue_url)
    last = _newest(deployment, source)
    if last is not None and last["Status"] in _UNDER_WAY:
        print("Dead letters: someone is bringing them back already; this follows that.")
        last = None
    elif not waiting:
        someone = f" But someone looks at {in_sight} right now: try again in a minute." if in_sight else ""
        print(f"Dead letters: none.{someone}")
        return
    else:
        print(f"Dead letters: bringing about {waiting} back to the queue.")
        sqs.start_message_move_task(SourceArn=source)
    task = _end(deployment, source, last, poll_seconds)
    moved = task.get("ApproximateNumberOfMessagesMoved", 0)
    if task["Status"] != "COMPLETED":
        reason = task.get("FailureReason", "no reason given")
        raise OperationsError(f"SQS stopped after {moved} dead letters ({task['Status']}: {reason}): run it again")
    print(f"Dead letters: {moved} brought back. They are tried again now; those that fail again return here.")


def _end(deployment: Deployment, source: str, last: Task | None, poll_seconds: float) -> Task:
    """The task that came after `last`, when it has ended: SQS may list a new one a moment late."""
    shown = 0
    while True:
        task = _newest(deployment, source)
        if task is not None and (last is None or task["StartedTimestamp"] != last["StartedTimestamp"]):
            if task["Status"] not in _UNDER_WAY:
                return task
            moved = task.get("ApproximateNumberOfMessagesMoved", 0)
            if moved != shown:
                print(f"  {moved} so far", flush=True)
                shown = moved
        time.sleep(poll_seconds)


def _newest(deployment: Deployment, source: str) -> Task | None:
    found = deployment.sqs.list_message_move_tasks(SourceArn=source, MaxResults=1).get("Results", [])
    return found[0] if found else None


def _undelivered(deployment: Deployment) -> None:
    """By hand: SQS moves dead letters of other queues only, and these come from EventBridge.

    A message is deleted here after it is there, so at worst it is there twice, which changes nothing.
    """
    sqs, url = deployment.sqs, deployment.undelivered_queue_url
    moved = 0
    for batch in queues.taken(sqs, url):
        queues.send(sqs, deployment.queue_url, (message["Body"] for message in batch))
        sqs.delete_message_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(batch)
            ],
        )
        moved += len(batch)
    print(f"Undelivered events: {moved} brought to the queue." if moved else "Undelivered events: none.")
