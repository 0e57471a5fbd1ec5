"""Finds the web pages of a deployed environment."""

from __future__ import annotations

from dataclasses import dataclass

from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError


@dataclass(frozen=True, kw_only=True)
class DeployedWeb:
    """The web pages of one environment. `user_pool_id` is None if they are internal.

    `shell_document` and `tunnel_document` are the names of the documents for sessions on the instances.
    """

    environment: DeployedEnvironment
    url: str
    target_group_arn: str
    user_pool_id: str | None
    shell_document: str
    tunnel_document: str


def find(environment: DeployedEnvironment) -> DeployedWeb:
    """Reads the outputs of the web stack. Raises CommandError if one is missing."""
    if environment.is_local:
        raise CommandError("the pages of the local cloud are on this machine: `make up` prints their address")
    web = environment.outputs("web")
    return DeployedWeb(
        environment=environment,
        url=web["Url"],
        target_group_arn=web["TargetGroupArn"],
        user_pool_id=web.get("UserPoolId"),
        shell_document=web["ShellDocument"],
        tunnel_document=web["TunnelDocument"],
    )
