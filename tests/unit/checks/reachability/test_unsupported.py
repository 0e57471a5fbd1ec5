"""Reachability refuses, by name, each resource that may open a path and is not part of the model."""

import pytest

from checks.reachability import UnresolvedError, UnsupportedError
from tests.support.reachability_sketch import VPC, Sketch, ref


@pytest.mark.parametrize(
    "type_",
    [
        "AWS::EC2::VPCPeeringConnection",
        "AWS::EC2::TransitGatewayAttachment",
        "AWS::EC2::TransitGatewayVpcAttachment",
        "AWS::EC2::PrefixList",
        "AWS::EC2::ClientVpnEndpoint",
        "AWS::EC2::InstanceConnectEndpoint",
        "AWS::EC2::Instance",
        "AWS::EC2::EIPAssociation",
        "AWS::EC2::SomethingNewTomorrow",
        "AWS::CloudFront::VpcOrigin",
        "AWS::GlobalAccelerator::EndpointGroup",
        "AWS::CloudFormation::Stack",
    ],
)
def test_resource_types_that_may_open_a_path_are_refused(sketch: Sketch, type_: str) -> None:
    sketch.add("Strange", type_)
    with pytest.raises(UnsupportedError, match=f"Stack/Strange is an {type_}, which may open a path"):
        _ = sketch.reach


def test_unknown_nodes_in_the_vpc_are_refused(sketch: Sketch) -> None:
    configuration = {"AwsvpcConfiguration": {"Subnets": [ref("PublicSubnet")]}}
    sketch.add("Service", "AWS::ECS::Service", NetworkConfiguration=configuration)
    with pytest.raises(
        UnsupportedError, match=r"Stack/Service \(AWS::ECS::Service\) is in the VPC by its property Awsvpc"
    ):
        _ = sketch.reach


def test_resources_outside_the_vpc_are_ignored(sketch: Sketch) -> None:
    sketch.add("Queue", "AWS::SQS::Queue", KmsMasterKeyId={"Fn::ImportValue": "unknown"})
    assert sketch.reach.possible("Caller", "internet", 443)


@pytest.mark.parametrize(
    "target", ["VpcPeeringConnectionId", "TransitGatewayId", "NetworkInterfaceId", "VpcEndpointId", "InstanceId"]
)
def test_routes_to_other_targets_are_refused(sketch: Sketch, target: str) -> None:
    sketch.route("App", "192.168.0.0/16", **{target: "x-1"})
    with pytest.raises(UnsupportedError, match=f"has {target}, a kind of route that reachability doesn't cover"):
        _ = sketch.reach


def test_routes_to_prefix_lists_are_refused(sketch: Sketch) -> None:
    table = ref("AppTable")
    sketch.add("Listed", "AWS::EC2::Route", RouteTableId=table, DestinationPrefixListId="pl-1", NatGatewayId=ref("Nat"))
    with pytest.raises(UnsupportedError, match="Stack/Listed has DestinationPrefixListId"):
        _ = sketch.reach


def test_routes_that_redirect_the_vpcs_own_traffic_are_refused(sketch: Sketch) -> None:
    sketch.route("App", "10.0.20.0/24", NatGatewayId=ref("Nat"))
    with pytest.raises(UnsupportedError, match="redirects traffic inside the VPC"):
        _ = sketch.reach


def test_a_route_whose_gateway_is_of_another_type_is_refused(sketch: Sketch) -> None:
    sketch.route("App", "10.1.0.0/16", GatewayId="vgw-1")
    with pytest.raises(UnresolvedError, match="GatewayId must refer to AWS::EC2::InternetGateway"):
        _ = sketch.reach


def test_vpn_gateways_are_refused(sketch: Sketch) -> None:
    sketch.change("Attachment", VpnGatewayId="vgw-1")
    with pytest.raises(UnsupportedError, match="Stack/Attachment attaches a VPN gateway"):
        _ = sketch.reach


@pytest.mark.parametrize("kind", ["GatewayLoadBalancer", "Resource"])
def test_endpoints_of_other_types_are_refused(sketch: Sketch, kind: str) -> None:
    sketch.add("Odd", "AWS::EC2::VPCEndpoint", ServiceName="com.amazonaws.eu-central-1.odd", VpcEndpointType=kind)
    with pytest.raises(UnsupportedError, match=f"Stack/Odd is an endpoint of type {kind}"):
        _ = sketch.reach


def test_conditional_resources_are_refused(sketch: Sketch) -> None:
    sketch.resources["DatabaseGroup"]["Condition"] = "IsProduction"
    with pytest.raises(UnsupportedError, match="DatabaseGroup exists only under the condition IsProduction"):
        _ = sketch.reach


def test_a_second_vpc_is_refused(sketch: Sketch) -> None:
    sketch.add("Other", "AWS::EC2::VPC", CidrBlock="10.9.0.0/16")
    with pytest.raises(UnsupportedError, match="exactly one VPC, found 2: Stack/Vpc, Stack/Other"):
        _ = sketch.reach


def test_public_addresses_given_to_instances_are_refused(sketch: Sketch) -> None:
    sketch.add("Address", "AWS::EC2::EIP", InstanceId="i-1")
    with pytest.raises(UnsupportedError, match="Stack/Address gives an instance a public address"):
        _ = sketch.reach


def test_ipv6_blocks_of_an_address_pool_are_refused(sketch: Sketch) -> None:
    sketch.add("Own", "AWS::EC2::VPCCidrBlock", VpcId=VPC, Ipv6Pool="pool", Ipv6CidrBlock="2001:db8:9::/56")
    with pytest.raises(UnsupportedError, match="Stack/Own: only Amazon-provided IPv6 blocks"):
        _ = sketch.reach
