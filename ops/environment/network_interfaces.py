"""Waits for Lambda to remove the network interfaces of deleted functions: they hold security groups and subnets."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ops.common.environment import DeployedEnvironment
from ops.environment.stacks import DeployedStack

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import NetworkInterfaceTypeDef

# Lambda keeps them for up to 20 minutes after the last function that uses them, and sometimes longer.
WAIT_SECONDS = 45 * 60.0
_REPORT_SECONDS = 60.0


def wait(
    environment: DeployedEnvironment, stack: DeployedStack, say: Callable[[str], None], poll_seconds: float
) -> None:
    """Return when none of them is in a subnet or security group of the stack, or after WAIT_SECONDS."""
    ids = {each.physical_id for each in stack.of_type("AWS::EC2::Subnet", "AWS::EC2::SecurityGroup")}
    if not ids:
        return
    ec2 = environment.session.client("ec2")
    deadline, said = time.monotonic() + WAIT_SECONDS, -_REPORT_SECONDS
    while True:
        pages = ec2.get_paginator("describe_network_interfaces").paginate(
            Filters=[{"Name": "interface-type", "Values": ["lambda"]}]
        )
        held = [each for page in pages for each in page["NetworkInterfaces"] if _is_held_by_lambda(each, ids)]
        if not held or time.monotonic() > deadline:
            return
        for each in held:
            if each["Status"] == "available":  # detached, and forgotten by Lambda
                ec2.delete_network_interface(NetworkInterfaceId=each["NetworkInterfaceId"])
        if time.monotonic() - said > _REPORT_SECONDS:
            said = time.monotonic()
            say(
                f"{stack.name}: waiting for Lambda to remove the network interfaces of deleted functions, for up to "
                f"{WAIT_SECONDS / 60:.0f} minutes; left: {len(held)}"
            )
        time.sleep(poll_seconds)


def _is_held_by_lambda(interface: NetworkInterfaceTypeDef, ids: set[str]) -> bool:
    groups = {group["GroupId"] for group in interface.get("Groups", [])}
    return interface.get("InterfaceType") == "lambda" and not ids.isdisjoint({interface["SubnetId"], *groups})
