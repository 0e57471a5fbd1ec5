"""The deletion of a network waits for the network interfaces of functions that are gone."""

from __future__ import annotations

from typing import Any

from ops.environment import network_interfaces
from ops.environment.stacks import DeployedResource
from tests.support.ops.environment import deployed_stack, resource
from tests.support.ops.stubs import Stubs


def interface(status: str = "in-use", **more: Any) -> dict[str, Any]:
    return {
        "NetworkInterfaceId": "eni-1", "InterfaceType": "lambda", "SubnetId": "thing", "Status": status, **more
    }  # fmt: skip


def holds(aws: Stubs, *interfaces: dict[str, Any]) -> None:
    aws.expect("ec2", "describe_network_interfaces", {"NetworkInterfaces": list(interfaces)})


def waits(aws: Stubs, *resources: DeployedResource) -> list[str]:
    said: list[str] = []
    stack = deployed_stack("network", *resources)
    network_interfaces.wait(aws.environment(), stack, said.append, poll_seconds=0)
    return said


def test_it_waits_until_lambda_has_removed_them(aws: Stubs) -> None:
    holds(aws, interface())
    holds(aws, interface())
    holds(aws)
    (said,) = waits(aws, resource("AWS::EC2::Subnet"))
    assert "waiting for Lambda to remove the network interfaces" in said
    assert said.endswith("left: 1")


def test_one_that_lambda_has_forgotten_is_deleted(aws: Stubs) -> None:
    holds(aws, interface("available"))
    aws.expect("ec2", "delete_network_interface", {}, {"NetworkInterfaceId": "eni-1"})
    holds(aws)
    waits(aws, resource("AWS::EC2::Subnet"))


def test_those_in_a_security_group_of_the_stack_count_too(aws: Stubs) -> None:
    holds(aws, interface(SubnetId="other", Groups=[{"GroupId": "thing"}]))
    holds(aws)
    assert waits(aws, resource("AWS::EC2::SecurityGroup"))


def test_those_of_other_networks_and_other_services_do_not_count(aws: Stubs) -> None:
    holds(aws, interface(SubnetId="other"), interface(InterfaceType="nat_gateway"))
    assert waits(aws, resource("AWS::EC2::Subnet")) == []


def test_a_stack_without_a_network_does_not_wait(aws: Stubs) -> None:
    assert waits(aws, resource("AWS::S3::Bucket")) == []
