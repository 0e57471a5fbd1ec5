"""Checks that the operations function answers, and that the database has what `ops/ingestion/verify.py` sent."""

from __future__ import annotations

from collections.abc import Iterator

from config.canary import canary
from config.environments import named
from ops.common.check import Check, SkippedError
from ops.common.environment import DeployedEnvironment
from ops.ingestion.verify import CANARY_ROWS
from ops.operations import ledger
from ops.operations.deployed import find


def canary_is_stored(environment: DeployedEnvironment) -> Iterator[str]:
    """The newest canary is in the ledger, and its row in the table."""
    if named(environment.name).operations is None:
        raise SkippedError(f"{environment.name} has no operations function")
    file = canary()
    if file is None:
        raise SkippedError("no dataset has a canary")
    operations = find(environment)
    key = f"{operations.ingestion.incoming_prefix}{file.key}"
    versions = ledger.inspect(operations, key)["versions"]
    if not versions or versions[0]["rows_stored"] != CANARY_ROWS:
        yield f"the database does not have the row of the file {key}: `make inspect ENV={environment.name} KEY={key}`"


CHECKS = (Check(name="the operations function finds the canary in the database", problems=canary_is_stored),)
