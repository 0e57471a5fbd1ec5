"""Runs the checks of all capabilities against a deployed environment."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from importlib.util import find_spec

from botocore.exceptions import BotoCoreError, ClientError

import ops
from ops.common.check import Check, SkippedError
from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError

# The error codes of a service that doesn't know an action.
_UNKNOWN_ACTION = ("InvalidAction", "NotImplemented", "UnknownOperation", "UnknownOperationException")


def discovered() -> list[Check]:
    """The checks in `ops/<capability>/verify.py`, in the order of the capabilities' names."""
    names = [f"ops.{package.name}.verify" for package in pkgutil.iter_modules(ops.__path__)]
    return [check for name in names if find_spec(name) for check in importlib.import_module(name).CHECKS]


def run(environment: DeployedEnvironment, checks: Iterable[Check] | None = None) -> int:
    """Print one line for each check, and each problem below it. Returns the exit code: 1 if there is a problem."""
    print(f"Verifying {environment.label}.", flush=True)
    made = failed = skipped = 0
    for check in discovered() if checks is None else checks:
        made += 1
        try:
            problems = problems_of(check, environment)
        except SkippedError as reason:
            skipped += 1
            print(f"skipped: {check.name}: {reason}", flush=True)
            continue
        failed += bool(problems)
        print(f"{'FAILED' if problems else 'ok'}: {check.name}", flush=True)
        for problem in problems:
            print(f"  - {problem}", flush=True)
    print(f"Checks: {made - failed - skipped} ok, {failed} failed, {skipped} skipped.")
    return 1 if failed else 0


def problems_of(check: Check, environment: DeployedEnvironment) -> list[str]:
    """Returns the problems that the check finds. An error of AWS is a problem too. Raises SkippedError."""
    problems: list[str] = []
    try:
        problems.extend(check.problems(environment))
    except CommandError as error:
        problems.append(str(error))
    except ClientError as error:
        if environment.is_local and error.response["Error"]["Code"] in _UNKNOWN_ACTION:
            raise SkippedError(f"the local cloud has no {error.operation_name}") from error
        problems.append(f"AWS refused: {error} (docs/runbook/README.md lists the permissions that each command needs)")
    except BotoCoreError as error:
        problems.append(str(error))
    return problems
