"""Runs the checks of all capabilities: those of `make verify` after a deployment, those of `make doctor` before it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from importlib.util import find_spec

import botocore.exceptions
from botocore.exceptions import BotoCoreError, ClientError

import ops
from ops.common.check import Check, SkippedError
from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError
from ops.common.terminal import show

# The error codes of a service that doesn't know an action.
_UNKNOWN_ACTION = ("InvalidAction", "NotImplemented", "UnknownOperation", "UnknownOperationException")
# The error codes with which services refuse a caller without the permission.
_NO_PERMISSION = (
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "NotAuthorizedException",
    "UnauthorizedOperation",
)
_NO_ANSWER = (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError)


def discovered(command: str) -> list[Check]:
    """The checks in `ops/<capability>/<command>.py`, in the order of the capabilities' names."""
    names = [f"ops.{package.name}.{command}" for package in pkgutil.iter_modules(ops.__path__)]
    return [check for name in names if find_spec(name) for check in importlib.import_module(name).CHECKS]


def run(environment: DeployedEnvironment, checks: Iterable[Check], *, refusals_fail: bool) -> int:
    """Print one line for each check, and each problem below it. Returns the exit code: 1 if there is a problem.

    `refusals_fail` decides whether a call that AWS refuses, or that gets no answer, is a problem.
    """
    made = failed = skipped = 0
    for check in checks:
        made += 1
        try:
            problems = problems_of(check, environment, refusals_fail=refusals_fail)
        except SkippedError as reason:
            skipped += 1
            show(f"not checked: {check.name}: {reason}")
            continue
        failed += bool(problems)
        show(f"{'FAILED' if problems else 'ok'}: {check.name}")
        for problem in problems:
            show(f"  - {problem}")
    show(f"Checks: {made - failed - skipped} ok, {failed} failed, {skipped} not checked.")
    return 1 if failed else 0


def problems_of(check: Check, environment: DeployedEnvironment, *, refusals_fail: bool) -> list[str]:
    """Returns the problems that the check finds. Raises SkippedError if it finds none, and can't be completed."""
    problems: list[str] = []
    try:
        _collect(check, environment, problems, refusals_fail=refusals_fail)
    except SkippedError as reason:
        if not problems:
            raise
        problems.append(f"the rest of this is not checked: {reason}")
    return problems


def _collect(check: Check, environment: DeployedEnvironment, problems: list[str], *, refusals_fail: bool) -> None:
    """Adds what the check finds, also what it finds before an error."""
    try:
        problems.extend(check.problems(environment))
    except CommandError as error:
        problems.append(str(error))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        # For a service that it doesn't know at all, the local cloud answers with a status alone.
        if environment.is_local and (code in _UNKNOWN_ACTION or code.isdigit()):
            raise SkippedError(f"the local cloud has no {error.operation_name}") from error
        if code in _NO_PERMISSION and not refusals_fail:
            raise SkippedError(f"these credentials may not call {error.operation_name} ({code})") from error
        problems.append(f"AWS refused: {error} (docs/runbook/README.md lists the permissions that each command needs)")
    except BotoCoreError as error:
        if isinstance(error, _NO_ANSWER) and not refusals_fail:
            raise SkippedError(f"no answer: {error}") from error
        problems.append(str(error))
