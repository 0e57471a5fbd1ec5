"""Every NAT strategy deploys, not only that of `local`."""

import shlex
import sys
from typing import Any

import pytest

from config.environments import LOCAL
from local_cloud.cloud import LocalCloud
from local_cloud.deploy import CdkDeployment

APP = f"{shlex.quote(sys.executable)} -m tests.support.network_app"


@pytest.mark.parametrize(("strategy", "gateways", "interfaces"), [("per-zone", 3, 0), ("single", 1, 0), ("none", 0, 8)])
def test_the_network_deploys_with_each_nat_strategy(
    strategy: str, gateways: int, interfaces: int, empty_cloud: LocalCloud
) -> None:
    deployment = CdkDeployment(empty_cloud.state, empty_cloud.services(), print, list)
    deployment.run(
        "deploy-nat",
        *("deploy", "--all", "--app", APP, "-c", f"nat={strategy}"),
        *("--output", str(empty_cloud.state.root / "nat.out"), "--require-approval", "never", "--method", "direct"),
    )
    ec2 = empty_cloud.session().client("ec2")
    stack = f"{LOCAL.project}-nat-{strategy}-network"
    resources = empty_cloud.session().client("cloudformation").describe_stack_resources(StackName=stack)
    made = [(each["ResourceType"], each["PhysicalResourceId"]) for each in resources["StackResources"]]
    (vpc,) = (id_ for type_, id_ in made if type_ == "AWS::EC2::VPC")
    found = [gateway for gateway in ec2.describe_nat_gateways()["NatGateways"] if gateway["VpcId"] == vpc]
    assert len(found) == gateways
    endpoints = {id_ for type_, id_ in made if type_ == "AWS::EC2::VPCEndpoint"}
    there = {endpoint["VpcEndpointId"] for endpoint in ec2.describe_vpc_endpoints()["VpcEndpoints"]}
    assert endpoints <= there
    assert len(endpoints) == 2 + interfaces
    in_vpc: Any = [{"Name": "vpc-id", "Values": [vpc]}]
    (default,) = ec2.describe_security_groups(Filters=[*in_vpc, {"Name": "group-name", "Values": ["default"]}])[
        "SecurityGroups"
    ]
    assert default["IpPermissions"] == default["IpPermissionsEgress"] == []
