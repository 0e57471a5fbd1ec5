"""What a deployment couldn't delete. CloudFormation then says that the update succeeded, and forgets the resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from ops.common.environment import DeployedEnvironment


def left_behind(environment: DeployedEnvironment, stacks: Iterable[str], since: datetime) -> Iterator[str]:
    """The resources that these stacks failed to delete since then, and why."""
    pages = environment.session.client("cloudformation").get_paginator("describe_stack_events")
    for stack in stacks:
        events = (event for page in pages.paginate(StackName=stack) for event in page["StackEvents"])
        for event in events:  # the newest first
            if event["Timestamp"] < since:
                break
            if event["ResourceStatus"] == "DELETE_FAILED":
                reason = event.get("ResourceStatusReason", "no reason given")
                yield f"{stack}/{event['LogicalResourceId']} ({event.get('PhysicalResourceId', '')}): {reason}"
