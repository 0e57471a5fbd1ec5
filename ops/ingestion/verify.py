"""Checks that a landed file becomes rows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from config.canary import canary
from ops.common.check import Check, SkippedError
from ops.common.environment import DeployedEnvironment
from ops.ingestion.deployed import find

CANARY_ROWS = 1
# A file that waits behind others, or for the first start of a function in a new network, takes minutes.
LOADED_SECONDS = 300.0
_POLL_SECONDS = 2.0
_LOADED = ("loaded", "superseded")  # superseded by the canary of another run


def canary_is_loaded(environment: DeployedEnvironment, seconds: float = LOADED_SECONDS) -> Iterator[str]:
    """A file lands, and the ingestion function reports its row as loaded. Then the file is deleted, with its version.

    The pipeline deletes no rows, so one stays, with the key `canary`, which each run replaces. The ledger gets a row
    for each run, as for every version of every file.
    """
    file = canary()
    if file is None:
        raise SkippedError("no dataset has a key of text, and another key could be that of a partner's row")
    ingestion = find(environment)
    bucket, key = ingestion.landing_bucket, f"{ingestion.incoming_prefix}{file.key}"
    began = time.time()
    version = ingestion.s3.put_object(Bucket=bucket, Key=key, Body=file.content)["VersionId"]
    try:
        outcome = _outcome(environment, version, began, seconds)
    finally:
        ingestion.s3.delete_object(Bucket=bucket, Key=key, VersionId=version)
    if outcome is None:
        yield (
            f"the file {key} was not loaded within {seconds:.0f} s: docs/runbook/ingestion.md says how to find out "
            "where it stopped; `make redrive` loads what failed"
        )
    elif outcome["message"] not in _LOADED or outcome["rows_loaded"] != CANARY_ROWS:
        yield f"the file {key} was {outcome['message']}, {outcome['rows_loaded']} rows: {outcome.get('reason')}"


def _outcome(environment: DeployedEnvironment, version: str, began: float, seconds: float) -> dict[str, Any] | None:
    """The function's log entry about that version; None if there is none in time."""
    pipeline = environment.outputs("pipeline")
    functions = environment.session.client("lambda")
    configuration = functions.get_function_configuration(FunctionName=pipeline["FunctionName"])
    group = configuration["LoggingConfig"]["LogGroup"]
    logs: Any = environment.session.client("logs")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=int(began * 1000) - 60_000, filterPattern=f'"{version}"'
        )
        for page in pages:
            for event in page["events"]:
                entry = _entry(event["message"])
                if entry.get("correlation_id") == version and "rows_loaded" in entry:
                    return entry
        time.sleep(min(_POLL_SECONDS, seconds / 10))
    return None


def _entry(line: str) -> dict[str, Any]:
    """The entry in a line of log; empty if the line is not from the function's own code."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


CHECKS = (Check(name="a file that lands becomes rows (canary)", problems=canary_is_loaded),)
