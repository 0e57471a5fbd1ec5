"""The stacks and resources of an environment, and clients of AWS's services, for the checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError
from ops.environment.expected import DeployedValues
from ops.environment.stacks import DeployedResource, DeployedStack, find_stacks

SUCCEEDED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@lru_cache(maxsize=1)
def existing_stacks(environment: DeployedEnvironment) -> list[DeployedStack]:
    """Read once for all checks. There may be none."""
    return find_stacks(environment)


def stacks(environment: DeployedEnvironment) -> list[DeployedStack]:
    """The stacks of a deployed environment. Raises CommandError if there is none."""
    found = existing_stacks(environment)
    if not found:
        deploy = "run `make up`" if environment.is_local else f"run `make deploy ENV={environment.name}`"
        raise CommandError(f"{environment.label} has no stacks: {deploy}")
    return found


def resources(environment: DeployedEnvironment, *types: str) -> Iterator[tuple[DeployedStack, DeployedResource]]:
    return ((stack, resource) for stack in stacks(environment) for resource in stack.of_type(*types))


def expected(environment: DeployedEnvironment, stack: DeployedStack, resource: DeployedResource) -> Mapping[str, Any]:
    """The resource's properties without intrinsic functions."""
    properties: Mapping[str, Any] = DeployedValues(stack, stacks(environment)).resolve(resource.properties)
    return properties


def client(environment: DeployedEnvironment, service: str) -> Any:
    session: Any = environment.session  # the stubs need a literal service name
    return session.client(service)
