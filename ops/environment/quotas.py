"""Compares quotas with what the account uses, and with what a deployment adds."""

from __future__ import annotations

from collections.abc import Iterator

from ops.common.environment import DeployedEnvironment
from ops.environment.deployed import client


def quota(environment: DeployedEnvironment, service: str, code: str) -> float:
    """The account's quota. It has a value of its own only once it was changed."""
    quotas = client(environment, "service-quotas")
    try:
        answer = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)
    except quotas.exceptions.NoSuchResourceException:
        answer = quotas.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)
    return float(answer["Quota"]["Value"])


def exceeded(
    environment: DeployedEnvironment, what: str, *, service: str, code: str, used: int, more: int
) -> Iterator[str]:
    """A problem if the account uses `used` and can't have `more` of them."""
    if more and used + more > (limit := quota(environment, service, code)):
        yield (
            f"{what}: the account uses {used}, the deployment needs {more} more, and the quota is {limit:g}: "
            f"{increase(service, code, used + more)}"
        )


def increase(service: str, code: str, value: int) -> str:
    """The command that asks AWS for a higher quota."""
    return (
        f"`aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code} "
        f"--desired-value {value}`"
    )
