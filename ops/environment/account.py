"""The account of the credentials."""

from __future__ import annotations

from collections.abc import Set

from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError


def require_account(environment: DeployedEnvironment, allowed: Set[str]) -> str:
    """Returns the account of the credentials. Raises CommandError if `allowed` names others.

    In another account every stack would seem to be new.
    """
    actual: str = environment.session.client("sts").get_caller_identity()["Account"]
    if allowed and actual not in allowed:
        raise CommandError(
            f"{environment.name} is in the account {', '.join(sorted(allowed))}, and the credentials of this shell are "
            f"for {actual}: sign in to that account"
        )
    return actual
