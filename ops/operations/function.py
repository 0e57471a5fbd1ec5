"""Asks the functions of this capability."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from ops.common.errors import CommandError
from ops.operations.deployed import DeployedOperations

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


# It reads whole tables. A repeated call would run beside the first.
_PATIENT = Config(read_timeout=910, retries={"total_max_attempts": 1})


def ask_to_write(operations: DeployedOperations, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of the function that erases and withdraws; raises CommandError like `ask`."""
    functions = operations.ingestion.environment.session.client("lambda", config=_PATIENT)
    return ask(functions, operations.erasure_function_name, request)


def ask(functions: LambdaClient, name: str, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of the function; raises CommandError if it fails or refuses the request."""
    answered = functions.invoke(FunctionName=name, Payload=json.dumps(request).encode())
    answer: dict[str, Any] = json.loads(answered["Payload"].read())
    if "FunctionError" in answered:
        raise CommandError(
            f"the function {name} failed ({answer.get('errorMessage', 'it gave no reason')}): see its log"
        )
    if "error" in answer:
        raise CommandError(f"the function {name} can't answer: {answer['error']}")
    return answer
