"""SQS's message move tasks, which move dead letters back to their source queue; the emulator lacks them.

Importable in the emulator's process only. A task is completed within the call that starts it.
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
    """StartMessageMoveTask without DestinationArn: each message goes back to its source queue."""
    source_arn = data.get("SourceArn", "")
    dead_letters = sqs._queue_by_arn(source_arn)
    if dead_letters is None:
        raise sqs._Err("ResourceNotFoundException", "The resource that you specified for the SourceArn doesn't exist.")
    sources = {
        queue["attributes"]["QueueArn"]: queue
        for queue in sqs._queues.values()
        if json.loads(queue["attributes"].get("RedrivePolicy") or "{}").get("deadLetterTargetArn") == source_arn
    }
    if not sources:
        raise sqs._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
    moved = 0
    for message in list(dead_letters["messages"]):
        source = sources.get(message.get("sys", {}).get("DeadLetterQueueSourceArn"))
        if source is None or message["visible_at"] > time.time():
            continue  # in flight, or sent here directly: it has no source queue
        dead_letters["messages"].remove(message)
        source["messages"].append(
            {**message, "id": str(uuid.uuid4()), "receipt_handle": None, "receive_count": 0, "first_receive_at": None}
        )
        moved += 1
    esm_wake.set()
    task = {
        "Status": "COMPLETED",
        "SourceArn": source_arn,
        "ApproximateNumberOfMessagesMoved": moved,
        "ApproximateNumberOfMessagesToMove": moved,
        "StartedTimestamp": int(time.time() * 1000),
    }
    _done[source_arn] = [task, *_done.get(source_arn, [])][:_MAX_RESULTS]
    return {"TaskHandle": str(uuid.uuid4())}


def recent(data: dict[str, Any], _: str) -> dict[str, Any]:
    """ListMessageMoveTasks: the newest first; one unless MaxResults asks for more."""
    return {"Results": _done.get(data.get("SourceArn", ""), [])[: int(data.get("MaxResults", 1))]}
