"""What is changed in the emulator, each change by itself, with its reason.

Every patch checks that what it replaces is there and looks as expected, so that another version of the emulator fails
at start rather than in the middle of a deployment.
"""

from __future__ import annotations

import contextvars
import importlib.metadata
import inspect
import json
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import eventbridge, imds, lambda_svc, s3, sqs, ssm, sts
from ministack.services.cloudformation import provisioners, stacks

from . import move_tasks
from .registration import Completed, complete, handlers, own_types, registry
from .settings import ACCOUNT, EmulatorSettings, WebInstance

VERSION = "1.5.33"
_EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"  # the MD5 of nothing, which S3 gives delete markers


class PatchError(Exception):
    """The emulator is not the one that the patches were written for."""


def apply(settings: EmulatorSettings) -> None:
    """Apply every patch; raises PatchError where one does not fit."""
    _expect(importlib.metadata.version("ministack") == VERSION, f"version {VERSION}")
    _resource_types()
    _replays_to_named_rules()
    _events_of_s3()
    _message_move_tasks()
    _functions_run_by(settings.function_python)
    _throttled_aliases()
    _instance_metadata(Path(settings.instance_file))
    _public_images()


def _resource_types() -> None:
    """Add the registry's types. Their handlers call back into the gateway, which would deadlock on its own loop."""
    known = provisioners._RESOURCE_HANDLERS
    _expect(frozenset(known) == own_types(), "the resource types in own_types.json")
    for resource in registry():
        if isinstance(resource, Completed):
            _expect(resource.type in known, f"a provisioner of {resource.type}")
            known[resource.type] = complete(resource, known[resource.type])
        else:
            _expect(resource.type not in known, f"no provisioner of {resource.type} yet")
            known[resource.type] = handlers(resource)
    ours = {resource.type for resource in registry()}
    stock: Callable[[str], bool] = stacks._runs_on_worker_thread
    _expect_parameters(stock, "resource_type")
    stacks._runs_on_worker_thread = lambda resource_type: resource_type in ours or stock(resource_type)


def _events_of_s3() -> None:
    """Make S3's events to EventBridge as real ones are: with version-id, in seconds; a deletion's with etag, no size.

    And archive them, as EventBridge does with what others send: the emulator hands S3's to the rules alone.
    """
    fire, dispatch = s3._fire_s3_event, eventbridge._dispatch_event
    _expect_parameters(fire, "bucket_name", "key", "event_name", "version_id", "sequencer")
    _expect_parameters(dispatch, "event")
    _expect_parameters(eventbridge._archive_event, "event")
    _expect("_archive_event" not in inspect.getsource(s3), "S3's events in no archive")
    _expect("_eb._dispatch_event(eb_event)" in inspect.getsource(fire), "S3 handing its events to EventBridge")
    version: contextvars.ContextVar[str | None] = contextvars.ContextVar("version", default=None)

    def fire_knowing_the_version(*arguments: Any, version_id: str | None = None, **named: Any) -> None:
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

    s3._fire_s3_event = fire_knowing_the_version
    eventbridge._dispatch_event = dispatch_completed


def _replays_to_named_rules() -> None:
    """Send a replay's events to the rules that it names (EventBridge API Reference, "ReplayDestination")."""
    stock = eventbridge._invoke_target
    _expect_parameters(stock, "target", "event", "rule")
    _expect("FilterArns" not in inspect.getsource(eventbridge), "replays to all rules")
    _expect("_invoke_target(" in inspect.getsource(eventbridge._dispatch_event), "a rule's way to its targets")

    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], *rest: Any) -> None:
        replay = eventbridge._replays.get(event.get("ReplayName"))
        named = replay["Destination"].get("FilterArns") if replay else None
        if not named or rule["Arn"] in named:
            stock(target, event, rule, *rest)

    eventbridge._invoke_target = invoke


def completed_event(event: dict[str, Any], version_id: str | None) -> dict[str, Any]:
    """An event of S3 as the Amazon S3 User Guide shows it ("EventBridge event message structure")."""
    detail = json.loads(event["Detail"])
    detail["object"]["version-id"] = version_id
    if event["DetailType"] == "Object Deleted":
        detail["object"].pop("size", None)
        detail["object"]["etag"] = detail["object"].get("etag") or _EMPTY_ETAG
    # A number, as the emulator keeps the time of everybody else's events; a replay compares it with its own bounds.
    seconds = int(datetime.fromisoformat(event["Time"]).timestamp())
    return {**event, "Time": seconds, "Detail": json.dumps(detail)}


def _message_move_tasks() -> None:
    """Bring dead letters back, as `make redrive` asks."""
    actions = sqs._HANDLERS
    _expect("StartMessageMoveTask" not in actions and "SendMessage" in actions, "SQS without message move tasks")
    _expect_parameters(actions["SendMessage"], "data", "qurl")
    actions.update({"StartMessageMoveTask": move_tasks.start, "ListMessageMoveTasks": move_tasks.recent})


def _functions_run_by(python: str) -> None:
    """Run functions with an interpreter that has nothing installed, so that a bundle must hold all it imports."""
    stock = lambda_runtime._detect_runtime_binary
    _expect_parameters(stock, "runtime")
    _expect("_detect_runtime_binary(runtime)" in inspect.getsource(lambda_runtime.Worker._spawn), "a worker's start")

    def detect(runtime: str) -> tuple[str, str]:
        binary, script = stock(runtime)
        return (python, script) if runtime.startswith("python") else (binary, script)

    lambda_runtime._detect_runtime_binary = detect


def _throttled_aliases() -> None:
    """Hold a function's reserved concurrency against calls by an alias or version too, not only by its bare name."""
    stock = lambda_svc._reserved_concurrency
    _expect_parameters(stock, "func", "config")
    _expect('(func or {}).get("concurrency")' in inspect.getsource(stock), "the concurrency in a function's record")

    def reserved(func: dict[str, Any], config: dict[str, Any]) -> int | None:
        found: int | None = stock(lambda_svc._functions.get(config.get("FunctionName")) or func, config)
        return found

    lambda_svc._reserved_concurrency = reserved


def _instance_metadata(instance_file: Path) -> None:
    """Let the metadata service hand out the web instance's role, with credentials that the gateway knows."""
    _expect_parameters(imds._credentials_doc)
    _expect(isinstance(imds._DEFAULT_ROLE, str), "the metadata service's role")
    _expect_parameters(sts.register_session, "access_key")
    stock_document, stock_request = imds._credentials_doc, imds.handle_request

    def credentials() -> dict[str, Any]:
        document: dict[str, Any] = stock_document()
        instance = WebInstance.read(instance_file)
        if instance is not None:
            session = imds._INSTANCE_ID
            sts.register_session(
                document["AccessKeyId"],
                {
                    "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{instance.role_name}/{session}",
                    "UserId": f"{instance.role_name}:{session}",
                    "SecretAccessKey": document["SecretAccessKey"],
                    "SessionToken": document["Token"],
                },
            )
        return document

    async def handle(*request: Any) -> Any:
        instance = WebInstance.read(instance_file)
        if instance is not None:
            imds._DEFAULT_ROLE = instance.role_name
        return await stock_request(*request)

    imds._credentials_doc = credentials
    imds.handle_request = handle


def _public_images() -> None:
    """Know the Amazon Linux image of the kernel and architectures that launch templates name."""
    images = ssm._PUBLIC_AMI_PARAMETERS
    some_image = next(iter(images.values()))
    for kernel in ("default", "6.1", "6.12"):
        for architecture in ("x86_64", "arm64"):
            name = f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-{kernel}-{architecture}"
            images.setdefault(name, some_image)


def _expect(condition: bool, what: str) -> None:
    if not condition:
        raise PatchError(f"the emulator has not {what}: local_cloud/emulator/patches.py was written for {VERSION}")
    logging.getLogger(__name__).debug("found %s", what)


def _expect_parameters(function: Callable[..., Any], *names: str) -> None:
    found = inspect.signature(function).parameters
    _expect(
        callable(function) and all(any(each.startswith(n) for each in found) for n in names),
        f"{function.__name__}{names}",
    )
