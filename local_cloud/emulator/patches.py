"""Changes to the emulator, one function each, with the reason.

Every patch first checks that the code it replaces looks as expected, so that another version of the emulator fails at
start and not in the middle of a deployment.
"""

from __future__ import annotations

import contextvars
import importlib.metadata
import inspect
import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import eventbridge, lambda_svc, s3, sqs
from ministack.services.cloudformation import provisioners, stacks

from . import move_tasks
from .registration import Completed, complete, handlers, own_types, registry
from .settings import settings

VERSION = "1.5.33"
_EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"  # the MD5 of an empty object: the ETag of delete markers


class PatchError(Exception):
    """The emulator is not the version that the patches were written for."""


def apply() -> None:
    """Apply every patch; raises PatchError if one does not fit."""
    expect(importlib.metadata.version("ministack") == VERSION, f"version {VERSION}")
    _resource_types()
    _replays_to_named_rules()
    _events_of_s3()
    _message_move_tasks()
    _message_groups_of_rules()
    _fair_queues()
    _functions_run_by(settings().function_python)
    _throttled_aliases()


def _resource_types() -> None:
    """Add the registry's types. Their handlers call the API, and would deadlock on its event loop: they use threads."""
    known = provisioners._RESOURCE_HANDLERS
    expect(frozenset(known) == own_types(), "the resource types in own_types.json")
    for resource in registry():
        if isinstance(resource, Completed):
            expect("update" in known.get(resource.type, {}), f"a provisioner of {resource.type} with updates")
            known[resource.type] = complete(resource, known[resource.type])
        else:
            expect(resource.type not in known, f"no provisioner of {resource.type} yet")
            known[resource.type] = handlers(resource)
    ours = {resource.type for resource in registry()}
    original: Callable[[str], bool] = stacks._runs_on_worker_thread
    expect_parameters(original, "resource_type")
    stacks._runs_on_worker_thread = lambda resource_type: resource_type in ours or original(resource_type)


def _events_of_s3() -> None:
    """Make S3's events like those of AWS: a version id, times in seconds, and for deletions an ETag and no size.

    Archive them too: the emulator archives other events, but passes those of S3 only to the rules.
    """
    fire, dispatch = s3._fire_s3_event, eventbridge._dispatch_event
    expect_parameters(fire, "bucket_name", "key", "event_name", "version_id", "sequencer")
    expect_parameters(dispatch, "event")
    expect_parameters(eventbridge._archive_event, "event")
    expect("_archive_event" not in inspect.getsource(s3), "archives without S3's events")
    expect("_eb._dispatch_event(eb_event)" in inspect.getsource(fire), "events that S3 passes to EventBridge")
    version: contextvars.ContextVar[str | None] = contextvars.ContextVar("version", default=None)

    def fire_with_version(*arguments: Any, version_id: str | None = None, **named: Any) -> None:
        token = version.set(version_id)
        try:
            fire(*arguments, version_id=version_id, **named)
        finally:
            version.reset(token)

    def dispatch_completed(event: dict[str, Any], *rest: Any, **named: Any) -> Any:
        if event.get("Source") == "aws.s3" and version.get():
            event = completed_event(event, version.get())
            eventbridge._archive_event(event)
        return dispatch(event, *rest, **named)

    s3._fire_s3_event = fire_with_version
    eventbridge._dispatch_event = dispatch_completed


def _replays_to_named_rules() -> None:
    """Send a replay's events only to the rules that it names (EventBridge API Reference, "ReplayDestination")."""
    original = eventbridge._invoke_target
    expect_parameters(original, "target", "event", "rule")
    expect("FilterArns" not in inspect.getsource(eventbridge), "replays that ignore FilterArns")
    expect("_invoke_target(" in inspect.getsource(eventbridge._dispatch_event), "rules that call their targets")

    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], *rest: Any) -> None:
        replay = eventbridge._replays.get(event.get("ReplayName"))
        named = replay["Destination"].get("FilterArns") if replay else None
        if not named or rule["Arn"] in named:
            original(target, event, rule, *rest)

    eventbridge._invoke_target = invoke


def completed_event(event: dict[str, Any], version_id: str | None) -> dict[str, Any]:
    """An event of S3 as in the Amazon S3 User Guide ("EventBridge event message structure")."""
    detail = json.loads(event["Detail"])
    detail["object"]["version-id"] = version_id
    if event["DetailType"] == "Object Deleted":
        detail["object"].pop("size", None)
        detail["object"]["etag"] = detail["object"].get("etag") or _EMPTY_ETAG
    # A number, as in the emulator's other events: a replay compares it with its start and end.
    seconds = int(datetime.fromisoformat(event["Time"]).timestamp())
    return {**event, "Time": seconds, "Detail": json.dumps(detail)}


def _message_move_tasks() -> None:
    """Add the API calls that `make redrive` uses to move dead letters back."""
    actions = sqs._HANDLERS
    expect("StartMessageMoveTask" not in actions and "SendMessage" in actions, "SQS without message move tasks")
    expect_parameters(actions["SendMessage"], "data", "qurl")
    actions.update({"StartMessageMoveTask": move_tasks.start, "ListMessageMoveTasks": move_tasks.recent})


def _message_groups_of_rules() -> None:
    """Keep the message group that a rule's target names, for standard queues too, which the emulator does not."""
    original = eventbridge._dispatch_to_sqs
    expect_parameters(original, "spec", "payload", "sqs_parameters")
    expect('if queue.get("is_fifo")' in inspect.getsource(original), "groups of FIFO queues only")

    def dispatch(spec: Any, payload: str, sqs_parameters: dict[str, Any] | None = None) -> None:
        original(spec, payload, sqs_parameters)
        group = (sqs_parameters or {}).get("MessageGroupId")
        queue = sqs._queue_by_arn(str(spec))
        if group and queue:
            # Each event has its own id, so this is its message, even if others came after it.
            message = next((each for each in reversed(queue["messages"]) if each["body"] == payload), None)
            if message is not None:
                message["group_id"] = group

    eventbridge._dispatch_to_sqs = dispatch


def _fair_queues() -> None:
    """Deliver messages of the groups with the fewest messages in flight first, in standard queues.

    SQS does so as soon as a group takes more than 10 % of the consumers' time (Amazon SQS Developer Guide, "How Amazon
    SQS fair queues work"). A message without a group is a group of its own.
    """
    original = sqs._collect_msgs
    expect_parameters(original, "q", "max_n", "vis_timeout")
    expect("visible = [m for m in" in inspect.getsource(original), "messages that are received in the queue's order")

    def collect(q: dict[str, Any], max_n: int, vis_timeout: int) -> list[Any]:
        if not q["is_fifo"]:
            now, messages = time.time(), list(q["messages"])
            in_flight = Counter(
                each.get("group_id") for each in messages if each["visible_at"] > now and each.get("receive_count")
            )
            in_flight[None] = 0
            # Sorted apart: meanwhile other threads append messages to the queue's list.
            q = {**q, "messages": sorted(messages, key=lambda each: in_flight[each.get("group_id")])}
        found: list[Any] = original(q, max_n, vis_timeout)
        return found

    sqs._collect_msgs = collect


def _functions_run_by(python: str) -> None:
    """Run functions with an interpreter without packages, so that a bundle must contain all that it imports."""
    original = lambda_runtime._detect_runtime_binary
    expect_parameters(original, "runtime")
    expect(
        "_detect_runtime_binary(runtime)" in inspect.getsource(lambda_runtime.Worker._spawn),
        "workers that start this way",
    )

    def detect(runtime: str) -> tuple[str, str]:
        binary, script = original(runtime)
        return (python, script) if runtime.startswith("python") else (binary, script)

    lambda_runtime._detect_runtime_binary = detect


def _throttled_aliases() -> None:
    """Apply a function's reserved concurrency to calls of an alias or a version too, not only to unqualified calls."""
    original = lambda_svc._reserved_concurrency
    expect_parameters(original, "func", "config")
    expect('(func or {}).get("concurrency")' in inspect.getsource(original), "the concurrency in a function's record")

    def reserved(func: dict[str, Any], config: dict[str, Any]) -> int | None:
        found: int | None = original(lambda_svc._functions.get(config.get("FunctionName")) or func, config)
        return found

    lambda_svc._reserved_concurrency = reserved


def expect(condition: bool, what: str) -> None:
    """Raise PatchError, which names `what` the emulator lacks, if `condition` is false."""
    if not condition:
        raise PatchError(f"the emulator does not have {what}: the patches were written for ministack {VERSION}")
    logging.getLogger(__name__).debug("found %s", what)


def expect_parameters(function: Callable[..., Any], *names: str) -> None:
    """Raise PatchError if a parameter that starts with one of these names is missing."""
    found = inspect.signature(function).parameters
    expect(
        callable(function) and all(any(each.startswith(n) for each in found) for n in names),
        f"{function.__name__}{names}",
    )
