"""Deletes the environments of pull requests: of one, or of all that nobody deployed for some days."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from config.environments import named
from config.temporary import is_temporary
from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError
from ops.common.terminal import show
from ops.environment import destroy
from ops.environment.stacks import prefix

Destroy = Callable[..., int]


def delete(environment: DeployedEnvironment, number: str, *, run: Destroy = destroy.run) -> int:
    """Delete the environment of that pull request, in the account of `environment`. Returns the exit code."""
    name = f"pr-{number}"
    if not is_temporary(name):
        raise CommandError(f"PULL_REQUEST must be the number of a pull request, such as 12, got {number!r}")
    return _destroy(environment, name, run)


def expire(environment: DeployedEnvironment, *, now: datetime | None = None, run: Destroy = destroy.run) -> int:
    """Delete those that are older than the lifetime in the configuration of `environment`. Returns the exit code.

    One that can't be deleted doesn't keep the others.
    """
    delivery = named(environment.name).delivery
    if delivery is None or delivery.pull_requests is None:
        raise CommandError(f"{environment.name} has no delivery.pull_requests: see config/environments.py")
    oldest = (now or datetime.now(UTC)) - timedelta(days=delivery.pull_requests.days)
    code = 0
    for name, deployed in sorted(last_deployments(environment).items()):
        if deployed > oldest:
            show(f"{name} was deployed at {deployed:%Y-%m-%d %H:%M} and stays.")
            continue
        show(f"{name} was deployed at {deployed:%Y-%m-%d %H:%M}, too long ago.")
        try:
            code |= _destroy(environment, name, run)
        except CommandError as error:
            show(f"{name}: {error}")
            code = 1
    return code


def last_deployments(environment: DeployedEnvironment) -> dict[str, datetime]:
    """Each temporary environment with the time at which one of its stacks was last created or updated."""
    stack_name = re.compile(rf"{re.escape(environment.project)}-(pr-[1-9][0-9]*)-")
    found: dict[str, datetime] = {}
    for page in environment.session.client("cloudformation").get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            if match := stack_name.match(stack["StackName"]):
                changed = stack.get("LastUpdatedTime", stack["CreationTime"])
                found[match[1]] = max(changed, found.get(match[1], changed))
    return found


def _destroy(environment: DeployedEnvironment, name: str, run: Destroy) -> int:
    temporary = replace(environment, name=name)
    return run(temporary, confirm=prefix(temporary))
