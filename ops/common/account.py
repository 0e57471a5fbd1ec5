"""The account of the credentials."""

from __future__ import annotations

from collections.abc import Set

from botocore.exceptions import ClientError

from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError


def require_account(environment: DeployedEnvironment, allowed: Set[str]) -> str:
    """Returns the account of the credentials. Raises CommandError if `allowed` names others, or the region is off.

    In another account every stack would seem to be new.
    """
    try:
        actual: str = environment.session.client("sts").get_caller_identity()["Account"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidClientTokenId":
            raise
        region = environment.session.region_name
        raise CommandError(
            f"AWS knows no such credentials in {region}: sign in again. If the account must enable the region first: "
            f"`aws account enable-region --region-name {region}`"
        ) from error
    if allowed and actual not in allowed:
        raise CommandError(
            f"{environment.name} is in the account {', '.join(sorted(allowed))}, and the credentials of this shell are "
            f"for {actual}: sign in to that account"
        )
    return actual
