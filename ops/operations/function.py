"""Asks a function of this capability."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ops.common.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


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
