"""SQS's message move tasks, which move dead letters to another queue; the emulator lacks them.

Importable in the emulator's process only. A task ends within the call that starts it.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.services import sqs

_MAX_RESULTS = 10  # the most that ListMessageMoveTasks returns for a queue
_done: dict[str, list[dict[str, Any]]] = {}


def start(data: dict[str, Any], _: str) -> dict[str, Any]:
    """StartMessageMoveTask: to the queue DestinationArn, or without it each message to its own source queue.

    Without a destination the task fails at the first message that was sent to the dead-letter queue directly, because
    such a message has no source queue (Amazon SQS Developer Guide, "Troubleshooting dead-letter queue and DLQ redrive
    issues").
    """
    source_arn, destination_arn = data.get("SourceArn", ""), data.get("DestinationArn", "")
    dead_letters = _existing("SourceArn", source_arn)
    destination = _existing("DestinationArn", destination_arn) if destination_arn else None
    sources = {
        queue["attributes"]["QueueArn"]: queue
        for queue in sqs._queues.values()
        if json.loads(queue["attributes"].get("RedrivePolicy") or "{}").get("deadLetterTargetArn") == source_arn
    }
    if not sources:
        raise sqs._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
    waiting = [message for message in dead_letters["messages"] if message["visible_at"] <= time.time()]
    moved = 0
    failure: dict[str, Any] = {}
    for message in waiting:
        queue = destination or sources.get(message.get("sys", {}).get("DeadLetterQueueSourceArn"))
        if queue is None:
            failure = {"FailureReason": "CouldNotDetermineMessageSource"}
            break
        dead_letters["messages"].remove(message)
        queue["messages"].append(
            {**message, "id": str(uuid.uuid4()), "receipt_handle": None, "receive_count": 0, "first_receive_at": None}
        )
        moved += 1
    esm_wake.set()
    task = {
        "Status": "FAILED" if failure else "COMPLETED",
        "SourceArn": source_arn,
        **({"DestinationArn": destination_arn} if destination_arn else {}),
        "ApproximateNumberOfMessagesMoved": moved,
        "ApproximateNumberOfMessagesToMove": len(waiting),
        "StartedTimestamp": int(time.time() * 1000),
        **failure,
    }
    _done[source_arn] = [task, *_done.get(source_arn, [])][:_MAX_RESULTS]
    return {"TaskHandle": str(uuid.uuid4())}


def _existing(parameter: str, arn: str) -> dict[str, Any]:
    found: dict[str, Any] | None = sqs._queue_by_arn(arn)
    if found is None:
        raise sqs._Err(
            "ResourceNotFoundException", f"The resource that you specified for the {parameter} doesn't exist."
        )
    return found


def recent(data: dict[str, Any], _: str) -> dict[str, Any]:
    """ListMessageMoveTasks: the newest first; one unless MaxResults asks for more."""
    return {"Results": _done.get(data.get("SourceArn", ""), [])[: int(data.get("MaxResults", 1))]}
