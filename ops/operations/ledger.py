"""What the database knows, asked of the operations function: nothing else reaches the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ops.common.deployment import Deployment
from ops.common.errors import OperationsError

PAGE = 1_000  # the largest that the function answers


def inspect(deployment: Deployment, key: str) -> dict[str, Any]:
    """All that the ledger has of one key; lambda_src/operations/answers.py says what."""
    return _ask(deployment, {"action": "inspect", "key": key})


def known_versions(deployment: Deployment) -> Iterator[tuple[str, str]]:
    """Key and version of every row of the ledger, in S3's order of keys."""
    after: list[str] | None = None
    while True:
        page = _ask(deployment, {"action": "known_versions", "after": after, "limit": PAGE})["versions"]
        yield from ((key, version_id) for key, version_id in page)
        if len(page) < PAGE:
            return
        after = page[-1]


def _ask(deployment: Deployment, request: dict[str, Any]) -> dict[str, Any]:
    name = deployment.operations_function
    answered = deployment.functions.invoke(FunctionName=name, Payload=json.dumps(request).encode())
    answer: dict[str, Any] = json.loads(answered["Payload"].read())
    if "FunctionError" in answered:
        cause = answer.get("errorMessage", "it gave no reason")
        raise OperationsError(f"the operations function failed ({cause}); its log is that of the function {name}")
    if "error" in answer:
        raise OperationsError(f"the operations function can't answer: {answer['error']}")
    return answer
