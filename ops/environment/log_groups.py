"""The log groups of an environment, also those that AWS services made after its stacks were gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ops.common.environment import DeployedEnvironment
from ops.environment.stacks import belongs, is_own_name, prefix

RDS_PREFIX = "/aws/rds/"


@dataclass(frozen=True, kw_only=True)
class LogGroup:
    """A log group. One that a stack made is tagged, and its name is generated unless a service prescribes it."""

    name: str
    stored_bytes: int
    is_tagged: bool
    has_generated_name: bool


def find_log_groups(environment: DeployedEnvironment) -> Iterator[LogGroup]:
    """Those with the environment's tags, and untagged ones of its databases.

    RDS writes a database's last log lines after the log group is deleted, and so creates it again: without tags,
    encryption and retention. The next deployment would fail on its name.
    """
    logs: Any = environment.session.client("logs")
    wanted = prefix(environment)
    for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePattern=wanted):
        for group in page["logGroups"]:
            name = group["logGroupName"]
            arn = group["arn"].removesuffix(":*")
            tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
            is_tagged = belongs(environment, [{"Key": key, "Value": value} for key, value in tags.items()])
            is_of_rds = name.startswith(RDS_PREFIX) and any(is_own_name(environment, part) for part in name.split("/"))
            if is_tagged or (not tags and is_of_rds):
                yield LogGroup(
                    name=name,
                    stored_bytes=group.get("storedBytes", 0),
                    is_tagged=is_tagged,
                    has_generated_name=f"{wanted}-" in name,
                )


def delete_returned(environment: DeployedEnvironment) -> list[str]:
    """Delete the untagged ones, which no stack has made. Returns their names."""
    logs: Any = environment.session.client("logs")
    returned = [group.name for group in find_log_groups(environment) if not group.is_tagged]
    for name in returned:
        logs.delete_log_group(logGroupName=name)
    return returned
