"""The canary is a valid file, and is a problem unless its row was loaded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config.canary import canary
from config.datasets import datasets
from config.environments import DEV
from ops.ingestion import verify
from tests.support.ops.stubs import RULE, Stubs
from tests.support.reading import read

STACK = f"{DEV.project}-dev-"
PIPELINE = {
    "QueueUrl": "q", "DeadLetterQueueUrl": "d", "UndeliveredQueueUrl": "u", "RuleArns": RULE, "FunctionName": "load"
}  # fmt: skip


def sends(aws: Stubs, *lines: str) -> None:
    """The canary lands as the version v, and the function's log has these lines about it."""
    aws.stack_has(f"{STACK}data", {"LandingBucketName": "landing", "IncomingPrefix": "incoming/"})
    aws.stack_has(f"{STACK}pipeline", PIPELINE)
    canary_file = canary()
    assert canary_file
    file: dict[str, Any] = {"Bucket": "landing", "Key": f"incoming/{canary_file.key}"}
    aws.expect("s3", "put_object", {"VersionId": "v"}, file | {"Body": canary_file.content})
    aws.stack_has(f"{STACK}pipeline", PIPELINE)
    aws.expect("lambda", "get_function_configuration", {"LoggingConfig": {"LogGroup": "log"}}, {"FunctionName": "load"})
    aws.expect("logs", "filter_log_events", {"events": [{"message": line} for line in lines]})
    aws.expect("s3", "delete_object", {}, file | {"VersionId": "v"})


def entry(status: str, rows: int, **more: Any) -> str:
    return json.dumps({"correlation_id": "v", "message": status, "rows_loaded": rows, **more})


def test_the_canary_is_one_valid_row() -> None:
    file = canary()
    assert file
    found = read(file.content, dataset=datasets()[file.dataset])
    assert (len(found.rows), found.rejects) == (verify.CANARY_ROWS, [])


@pytest.mark.parametrize("status", ["loaded", "superseded"])
def test_a_canary_whose_row_was_loaded_is_no_problem(aws: Stubs, status: str) -> None:
    sends(aws, "START RequestId: v", '"v"', json.dumps({"correlation_id": "v", "message": "v"}), entry(status, 1))
    assert list(verify.canary_is_loaded(aws.environment())) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (entry("refused", 0, reason="no columns"), "was refused, 0 rows: no columns"),
        (entry("loaded", 0), "was loaded, 0 rows"),
    ],
)
def test_a_canary_whose_row_was_not_loaded_is_a_problem(aws: Stubs, line: str, problem: str) -> None:
    sends(aws, line)
    (said,) = verify.canary_is_loaded(aws.environment())
    assert problem in said
