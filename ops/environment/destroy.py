"""Deletes all stacks of an environment, in the order in which they depend on each other.

Every step may be repeated, so an interrupted run continues when the command is run again.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ops.common import terminal
from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError
from ops.common.terminal import show
from ops.environment import buckets, losses, network_interfaces, protections, remains
from ops.environment.log_groups import delete_returned
from ops.environment.stacks import DELETED, DeployedStack, find_stacks, free_to_delete, prefix

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

ATTEMPTS = 3  # for each stack, in one run
POLL_SECONDS = 5.0
_REPORT_SECONDS = 30.0
_DELETING = "DELETE_IN_PROGRESS"
_FAILED = "DELETE_FAILED"


def run(environment: DeployedEnvironment, *, confirm: str, poll_seconds: float = POLL_SECONDS) -> int:
    """Say what will be lost, delete everything after confirmation, and list what is left. Returns the exit code.

    `confirm` is the environment's full name, `<project>-<name>`; without it the person at the terminal is asked for it.
    """
    name = prefix(environment)
    stacks = find_stacks(environment)
    if stacks:
        for line in losses.described(environment, stacks):
            show(line)
        _require_settled(stacks)
        if not terminal.typed(name, what="the environment's name", given=confirm, variable="CONFIRM"):
            return 1
        _Destruction(environment, poll_seconds).run()
        show(f"All stacks of {environment.label} are deleted.")
    else:
        show(f"{environment.label} has no stacks, or none any more.")
    for group in delete_returned(environment):
        show(f"Deleted the log group {group}, which AWS made again after its stack was gone.")
    left = remains.described(environment)
    show(f"What is left of {name}:" if left else f"Nothing is left of {name}.")
    for line in left:
        show(f"  - {line}.")
    return 0


def _require_settled(stacks: list[DeployedStack]) -> None:
    """Raises CommandError while a deployment runs."""
    for stack in stacks:
        if stack.status.endswith("_IN_PROGRESS") and stack.status != _DELETING:
            raise CommandError(
                f"{stack.name} is {stack.status}: wait until its deployment has ended, or cancel it "
                f"(aws cloudformation cancel-update-stack --stack-name {stack.name}), then run this again"
            )


class _Destruction:
    """Deletes stacks until none is left."""

    def __init__(self, environment: DeployedEnvironment, poll_seconds: float) -> None:
        self._environment = environment
        self._poll_seconds = poll_seconds
        self._cloudformation: CloudFormationClient = environment.session.client("cloudformation")
        self._attempts: Counter[str] = Counter()

    def run(self) -> None:
        """Raises CommandError if CloudFormation can't delete one of them after all attempts."""
        while stacks := find_stacks(self._environment):
            together = free_to_delete(stacks)
            for stack in together:
                if stack.status != _DELETING:
                    self._start(stack)
            self._wait(together)

    def _start(self, stack: DeployedStack) -> None:
        is_retry = stack.status == _FAILED
        if self._attempts[stack.name] == ATTEMPTS:
            raise CommandError(
                f"CloudFormation could not delete {stack.name} in {ATTEMPTS} attempts: {self._reasons(stack)}. "
                "Remove the cause, then run this again: it continues here"
            )
        self._attempts[stack.name] += 1
        if is_retry:
            show(f"{stack.name}: its deletion failed and is tried again: {self._reasons(stack)}")
        self._lift_protections(stack)
        # The functions of a stack are deleted with it. Those in its subnets were deleted with other stacks.
        if (is_retry or any(stack.of_type("AWS::EC2::Subnet"))) and not any(stack.of_type("AWS::Lambda::Function")):
            network_interfaces.wait(self._environment, stack, show, self._poll_seconds)
        self._empty_buckets(stack)
        self._cloudformation.delete_stack(StackName=stack.id)
        show(f"{stack.name}: deleting {len(stack.resources)} resources")

    def _lift_protections(self, stack: DeployedStack) -> None:
        """Shortly before the deletion, so that an interrupted run leaves the other stacks protected."""
        if stack.is_protected:
            self._cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
            show(f"{stack.name}: termination protection is off")
        for resource in stack.resources:
            if not resource.is_kept and protections.lift(self._environment, resource):
                show(f"{stack.name}: deletion protection of {resource.physical_id} is off")

    def _empty_buckets(self, stack: DeployedStack) -> None:
        s3 = self._environment.session.client("s3")
        for bucket in stack.of_type("AWS::S3::Bucket"):
            if bucket.is_kept:
                continue
            buckets.end_deliveries(s3, bucket.physical_id)
            if deleted := buckets.empty(s3, bucket.physical_id, show):
                show(f"{stack.name}: {deleted:,} versions deleted from {bucket.physical_id}")

    def _wait(self, stacks: list[DeployedStack]) -> None:
        """Until each of them is deleted, or its deletion failed."""
        waiting, said = list(stacks), time.monotonic()
        while waiting:
            for stack in list(waiting):
                status = self._status(stack)
                if status in (DELETED, _FAILED):
                    waiting.remove(stack)
                if status == DELETED:
                    show(f"{stack.name}: deleted")
            if not waiting:
                return
            if time.monotonic() - said > _REPORT_SECONDS:
                said = time.monotonic()
                for stack in waiting:
                    show(f"{stack.name}: {self._progress(stack)}")
            time.sleep(self._poll_seconds)

    def _status(self, stack: DeployedStack) -> str:
        """By its id, by which a deleted stack is found too."""
        try:
            (found,) = self._cloudformation.describe_stacks(StackName=stack.id)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return DELETED
            raise
        return found["StackStatus"]

    def _progress(self, stack: DeployedStack) -> str:
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack.id)
        summaries = [each for page in pages for each in page["StackResourceSummaries"]]
        current = [each for each in summaries if each["ResourceStatus"] == _DELETING]
        done = sum(each["ResourceStatus"] in (DELETED, "DELETE_SKIPPED") for each in summaries)
        names = ", ".join(f"{each['LogicalResourceId']} ({each['ResourceType']})" for each in current)
        slow = any(each["ResourceType"] == "AWS::Lambda::Function" for each in current)
        minutes = network_interfaces.WAIT_SECONDS / 60
        note = f"; the network interfaces of a function take up to {minutes:.0f} minutes" if slow else ""
        return f"{done} of {len(summaries)} resources are done, now {names or 'none'}{note}"

    def _reasons(self, stack: DeployedStack) -> str:
        """Why the last deletion failed: the events since its start, the newest first."""
        reasons: list[str] = []
        for page in self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack.id):
            for event in page["StackEvents"]:
                is_stack = event.get("PhysicalResourceId") == stack.id
                if is_stack and event.get("ResourceStatus") == _DELETING:
                    return "; ".join(reversed(reasons)) or stack.status_reason or "no reason given"
                if not is_stack and event.get("ResourceStatus") == _FAILED:
                    reasons.append(
                        f"{event['LogicalResourceId']} ({event['ResourceType']}): "
                        f"{event.get('ResourceStatusReason', 'no reason given')}"
                    )
        return stack.status_reason or "no reason given"
