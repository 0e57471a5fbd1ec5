"""Asks the operations function for the ledger, the database table of file versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ops.operations.deployed import DeployedOperations
from ops.operations.function import ask

PAGE = 1_000  # the maximum of the function


def inspect(operations: DeployedOperations, key: str) -> dict[str, Any]:
    """Everything that the ledger records about a key; see lambda_src/operations/answers.py."""
    return _ask(operations, {"action": "inspect", "key": key})


def known_versions(operations: DeployedOperations) -> Iterator[tuple[str, str]]:
    """Key and version of every row of the ledger, in S3's order of keys."""
    after: list[str] | None = None
    while True:
        page = _ask(operations, {"action": "known_versions", "after": after, "limit": PAGE})["versions"]
        yield from ((key, version_id) for key, version_id in page)
        if len(page) < PAGE:
            return
        after = page[-1]


def _ask(operations: DeployedOperations, request: dict[str, Any]) -> dict[str, Any]:
    return ask(operations.functions, operations.function_name, request)
