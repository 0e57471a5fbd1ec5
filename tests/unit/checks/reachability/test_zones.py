"""The loss of a zone, and the endpoints of AWS services."""

import pytest

from checks.reachability import UnknownNameError
from tests.support.reachability_sketch import Sketch, ref, tcp

OUT = ("Caller", "internet", 443)
APP = "10.0.10.0/23"


def test_the_loss_of_the_only_nat_gateways_zone_ends_all_egress(sketch: Sketch) -> None:
    left = sketch.reach.without_zone("a")
    assert not left.possible(*OUT)
    assert "AppB has a route to the NAT gateway Stack/Nat, which doesn't exist" in left.why(*OUT)
    assert sketch.reach.without_zone("b").certain(*OUT)


def test_with_nat_per_zone_egress_survives_the_loss_of_any_zone(sketch: Sketch) -> None:
    sketch.subnet("PublicB", "10.0.1.0/24", "b")
    sketch.route("PublicB", "0.0.0.0/0", GatewayId=ref("Gateway"))
    sketch.add("NatB", "AWS::EC2::NatGateway", SubnetId=ref("PublicBSubnet"))
    sketch.change(sketch.routes("App", "AppB")[1], NatGatewayId=ref("NatB"))
    for zone in ("a", "b"):
        assert sketch.reach.without_zone(zone).certain(*OUT)


def test_a_node_in_the_lost_zone_only_is_unreachable(sketch: Sketch) -> None:
    sketch.allow_caller()
    left = sketch.reach.without_zone("a")
    assert not left.possible("Caller", "database", 5432)
    assert not left.certain("Caller", "database", 5432)
    assert "one of them has no subnet" in left.why("Caller", "database", 5432)
    assert left.zones == ("b",)


def test_an_unknown_zone_is_refused_with_the_existing_ones(sketch: Sketch) -> None:
    with pytest.raises(UnknownNameError, match="there is no zone 'x'; there are a, b"):
        sketch.reach.without_zone("x")


def test_zones_by_their_index_in_the_regions_list_are_distinguished(sketch: Sketch) -> None:
    for name, index in (("Public", 0), ("App", "0"), ("AppB", 1), ("Data", 0)):
        sketch.change(f"{name}Subnet", AvailabilityZone={"Fn::Select": [index, {"Fn::GetAZs": ""}]})
    sketch.change("AppSubnet", AvailabilityZone={"Fn::Select": [0, {"Fn::GetAZs": {"Ref": "AWS::Region"}}]})
    assert sketch.reach.zones == ("zone 1", "zone 2")
    assert sketch.reach.without_zone("zone 2").certain(*OUT)


def test_gateway_endpoints_are_reached_through_their_route_tables(sketch: Sketch) -> None:
    service = {"Fn::Join": ["", ["com.amazonaws.", {"Ref": "AWS::Region"}, ".s3"]]}
    tables = [ref("AppTable"), ref("AppBTable")]
    sketch.add("S3", "AWS::EC2::VPCEndpoint", ServiceName=service, VpcEndpointType="Gateway", RouteTableIds=tables)
    assert sketch.reach.certain("Caller", "s3 gateway", 443)
    assert not sketch.reach.possible("Caller", "s3 gateway", 80)
    assert not sketch.reach.possible("database", "s3 gateway", 443)
    sketch.change("S3", RouteTableIds=[ref("DataTable")])
    assert "the route table of App doesn't lead to the s3 gateway" in sketch.reach.why("Caller", "s3 gateway", 443)


def test_gateway_endpoints_need_replies_from_public_addresses(sketch: Sketch) -> None:
    endpoint = {"ServiceName": "com.amazonaws.eu-central-1.s3", "RouteTableIds": [ref("AppTable"), ref("AppBTable")]}
    sketch.add("S3", "AWS::EC2::VPCEndpoint", **endpoint)
    everything = [(100, way, "allow", "10.0.0.0/8", 0, 65535) for way in ("in", "out")]
    sketch.acl("App", *everything)
    sketch.acl("AppB", *everything)
    assert not sketch.reach.possible("Caller", "s3 gateway", 443)


def test_interface_endpoints_are_reached_in_their_subnets(sketch: Sketch) -> None:
    sketch.group("EndpointGroup", ingress=[tcp(443, CidrIp=APP)])
    sketch.add(
        "Kms",
        "AWS::EC2::VPCEndpoint",
        ServiceName="com.amazonaws.eu-central-1.kms",
        VpcEndpointType="Interface",
        SubnetIds=[ref("AppSubnet"), ref("AppBSubnet")],
        SecurityGroupIds=[ref("EndpointGroup")],
    )
    assert sketch.reach.certain("Caller", "kms endpoint", 443)
    assert sketch.reach.without_zone("a").certain("Caller", "kms endpoint", 443)
    assert not sketch.reach.possible("database", "kms endpoint", 443)
    assert "kms endpoint" not in sketch.reach.sources
    sketch.change("Kms", SubnetIds=[ref("AppSubnet")])
    assert not sketch.reach.without_zone("a").possible("Caller", "kms endpoint", 443)
