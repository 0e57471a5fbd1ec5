"""The operations function of a deployed environment, stubbed."""

from __future__ import annotations

import io
import json
from typing import Any

from botocore.response import StreamingBody

from ops.operations.deployed import DeployedOperations
from tests.support.ops.stubs import Stubs


def deployed_operations(aws: Stubs) -> DeployedOperations:
    """As `ops.operations.deployed.find` returns it."""
    return DeployedOperations(
        ingestion=aws.ingestion(),
        function_name="operations",
        erasure_function_name="erasure",
        functions=aws.client("lambda"),
    )


def function_answers(aws: Stubs, answer: Any, **more: str) -> None:
    """The operations function's next answer."""
    payload = json.dumps(answer).encode()
    body = StreamingBody(io.BytesIO(payload), len(payload))
    aws.expect("lambda", "invoke", {"Payload": body, "StatusCode": 200, **more})
