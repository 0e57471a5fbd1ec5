"""SQS's message move tasks, which bring dead letters back to where they came from; the emulator has none.

Importable in the emulator's own process only. A task here is done as soon as it is started.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.services import sqs

_KEPT = 10  # as many as ListMessageMoveTasks can show of a queue
_done: dict[str, list[dict[str, Any]]] = {}


def start(data: dict[str, Any], _: str) -> dict[str, Any]:
    """StartMessageMoveTask without DestinationArn: each message goes back to the queue that it came from."""
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
            continue  # one that was put there by hand came from nowhere
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
    _done[source_arn] = [task, *_done.get(source_arn, [])][:_KEPT]
    return {"TaskHandle": str(uuid.uuid4())}


def recent(data: dict[str, Any], _: str) -> dict[str, Any]:
    """ListMessageMoveTasks: the newest first, one unless more are asked for."""
    return {"Results": _done.get(data.get("SourceArn", ""), [])[: int(data.get("MaxResults", 1))]}
