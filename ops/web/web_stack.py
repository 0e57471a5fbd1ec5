"""Finds the web stack that is meant, by its outputs."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError


class WebAccessError(Exception):
    """Something that a person can mend; the message says how."""


@dataclass(frozen=True, kw_only=True)
class WebStack:
    """The deployed web stack of one environment. `user_pool_id` is None where its pages are internal."""

    environment: str
    url: str
    target_group_arn: str
    user_pool_id: str | None


def find(session: Any, *, project: str, environment: str) -> WebStack:
    """The web stack of that environment; raises WebAccessError where it isn't deployed."""
    name = f"{project}-{environment}-web"
    deploy = f"make deploy ENV={environment}, or name another ENV= or REGION="
    try:
        (stack,) = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise WebAccessError(f"the stack {name} is not deployed in {session.region_name}: {deploy}") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    try:
        return WebStack(
            environment=environment,
            url=outputs["Url"],
            target_group_arn=outputs["TargetGroupArn"],
            user_pool_id=outputs.get("UserPoolId"),
        )
    except KeyError as error:
        raise WebAccessError(f"the stack {name} has no output {error}, so it is older than this: {deploy}") from error
