"""Routes out of the VPC and into it: gateways, NAT and IPv6."""

import pytest

from checks.reachability import Reachability
from tests.support.reachability_sketch import CIDRS, Sketch, ref, tcp

OUT = ("Caller", "internet", 443)
IN = ("internet", "load balancer", 80)
PUBLIC, APP = CIDRS["Public"], "10.0.10.0/23"


def test_nat_allows_egress_on_the_ports_that_groups_allow(sketch: Sketch) -> None:
    assert sketch.reach.certain(*OUT)
    assert not sketch.reach.possible("Caller", "internet", 80)


def test_without_a_route_there_is_no_egress(sketch: Sketch) -> None:
    for route in sketch.routes("App", "AppB"):
        del sketch.resources[route]
    assert not sketch.reach.possible(*OUT)
    assert "App has no IPv4 route to the internet" in sketch.reach.why(*OUT)


def test_a_subnet_without_a_route_table_has_no_egress(sketch: Sketch) -> None:
    del sketch.resources["AppAssociation"], sketch.resources["AppBAssociation"]
    assert not sketch.reach.possible(*OUT)


def test_egress_of_one_of_two_subnets_is_possible_but_not_certain(sketch: Sketch) -> None:
    del sketch.resources[sketch.routes("App", "AppB")[1]]
    assert sketch.reach.possible(*OUT)
    assert not sketch.reach.certain(*OUT)
    assert "AppB has no IPv4 route to the internet" in sketch.reach.why(*OUT, certain=True)


def test_a_route_to_part_of_the_internet_is_possible_but_not_certain(sketch: Sketch) -> None:
    for route in sketch.routes("App", "AppB"):
        sketch.change(route, DestinationCidrBlock="8.0.0.0/8")
    assert sketch.reach.possible(*OUT)
    assert not sketch.reach.certain(*OUT)


def test_two_routes_to_halves_are_a_default_route(sketch: Sketch) -> None:
    for route in sketch.routes("App", "AppB"):
        sketch.change(route, DestinationCidrBlock="0.0.0.0/1")
    for subnet in ("App", "AppB"):
        sketch.route(subnet, "128.0.0.0/1", NatGatewayId=ref("Nat"))
    assert sketch.reach.certain(*OUT)


def test_the_most_specific_route_decides(sketch: Sketch) -> None:
    sketch.route("App", "8.0.0.0/8", GatewayId=ref("Gateway"))
    assert not sketch.reach.certain(*OUT)
    assert "Caller has no public IPv4 address in App, which the internet gateway needs" in (
        sketch.reach.why(*OUT, certain=True)
    )


def test_the_nat_gateways_subnet_needs_a_route_to_the_internet(sketch: Sketch) -> None:
    del sketch.resources["PublicAssociation"]
    assert not sketch.reach.possible(*OUT)
    assert "Public, the subnet of the NAT gateway, has no route to the internet" in sketch.reach.why(*OUT)
    assert not sketch.reach.possible("NAT", "internet", 443)


def test_an_internet_gateway_must_be_attached(sketch: Sketch) -> None:
    sketch.face_the_internet()
    assert sketch.reach.possible(*IN)
    del sketch.resources["Attachment"]
    assert not sketch.reach.possible(*OUT)
    assert not sketch.reach.possible(*IN)


def test_a_private_nat_gateway_allows_no_egress(sketch: Sketch) -> None:
    sketch.change("Nat", ConnectivityType="private")
    assert not sketch.reach.possible(*OUT)


def test_a_private_address_does_not_pass_the_internet_gateway(sketch: Sketch) -> None:
    sketch.function("Caller", "CallerGroup", "Public")
    assert not sketch.reach.possible(*OUT)


@pytest.mark.parametrize(
    "missing",
    [
        (100, "in", "allow", APP, 443, 443),
        (110, "out", "allow", "0.0.0.0/0", 443, 443),
        (120, "in", "allow", "0.0.0.0/0", 1024, 65535),
        (130, "out", "allow", APP, 1024, 65535),
    ],
)
def test_nat_needs_all_four_rules_in_its_own_subnets_acl(
    sketch: Sketch, missing: tuple[int, str, str, str, int, int]
) -> None:
    # The deny rule is needed because the rule for replies from the internet would also allow the callers.
    needed = [
        (90, "in", "deny", APP, 1024, 65535),
        (100, "in", "allow", APP, 443, 443),
        (110, "out", "allow", "0.0.0.0/0", 443, 443),
        (120, "in", "allow", "0.0.0.0/0", 1024, 65535),
        (130, "out", "allow", APP, 1024, 65535),
    ]
    sketch.acl("Public", *needed)
    assert sketch.reach.certain(*OUT)
    del sketch.resources[f"PublicAcl{missing[1]}{missing[0]}"]
    assert not sketch.reach.possible(*OUT)


def test_nat_uses_every_unprivileged_port(sketch: Sketch) -> None:
    everything = [(100, way, "allow", "0.0.0.0/0", 0, 65535) for way in ("in", "out")]
    sketch.acl("Public", (90, "in", "deny", "0.0.0.0/0", 3389, 3389), *everything)
    assert sketch.reach.possible(*OUT)
    assert not sketch.reach.certain(*OUT)


def test_a_regional_nat_gateway_allows_egress_from_every_zone(sketch: Sketch) -> None:
    sketch.add("Nat", "AWS::EC2::NatGateway", AvailabilityMode="regional", VpcId=ref("Vpc"))
    assert sketch.reach.certain(*OUT)
    assert sketch.reach.certain("NAT", "internet", 443)
    for zone in sketch.reach.zones:
        assert sketch.reach.without_zone(zone).certain(*OUT)
    del sketch.resources["Attachment"]
    assert not sketch.reach.possible(*OUT)


def test_a_regional_nat_gateway_is_found_by_its_id_attribute(sketch: Sketch) -> None:
    sketch.add("Nat", "AWS::EC2::NatGateway", AvailabilityMode="regional", VpcId=ref("Vpc"))
    for route in sketch.routes("App", "AppB"):
        sketch.change(route, NatGatewayId={"Fn::GetAtt": ["Nat", "NatGatewayId"]})
    assert sketch.reach.certain(*OUT)


def test_nat_uses_more_client_ports_than_the_instances_behind_it(sketch: Sketch) -> None:
    sketch.instances("App")
    everything = [(100, way, "allow", "0.0.0.0/0", 0, 65535) for way in ("in", "out")]
    sketch.acl("Public", (90, "in", "deny", "0.0.0.0/0", 1024, 1024), *everything)
    assert not sketch.reach.certain("instances", "internet", 443)
    sketch.change("PublicAclin90", PortRange={"From": 1023, "To": 1023})
    assert sketch.reach.certain("instances", "internet", 443)


def test_a_public_address_needs_an_attached_internet_gateway(sketch: Sketch) -> None:
    sketch.instances("Public")
    sketch.change("PublicSubnet", MapPublicIpOnLaunch=True)
    assert sketch.reach.certain("instances", "internet", 443)
    del sketch.resources["Attachment"]
    assert "Stack/Gateway, which isn't attached to the VPC" in sketch.reach.why("instances", "internet", 443)
    assert not sketch.reach.possible("instances", "internet", 443)


def test_an_ipv6_route_is_not_for_ipv4(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.change("LoadBalancer", Subnets=[ref("DataSubnet")])
    sketch.route("Data", "::/0", GatewayId=ref("Gateway"))
    assert not sketch.reach.possible(*IN)


def test_listeners_belong_to_their_own_load_balancer(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.resources["OtherLoadBalancer"] = sketch.resources["LoadBalancer"]
    other = ref("OtherLoadBalancer")
    sketch.add("OtherListener", "AWS::ElasticLoadBalancingV2::Listener", LoadBalancerArn=other, Port=443)
    sketch.change("BalancerGroup", SecurityGroupIngress=[{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}])
    assert sketch.reach.ports("internet", "LoadBalancer") == ((80, 80),)
    assert sketch.reach.ports("internet", "Other") == ((443, 443),)


def test_an_internal_load_balancer_is_unreachable_from_the_internet(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.change("LoadBalancer", Scheme="internal")
    assert sketch.reach.ports("internet", "load balancer") == ()
    assert "load balancer has no public IPv4 address in Public" in sketch.reach.why(*IN)


def test_an_internet_facing_load_balancer_is_reached_on_its_listener_ports_only(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.change("BalancerGroup", SecurityGroupIngress=[{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}])
    assert sketch.reach.ports("internet", "load balancer") == ((80, 80),)
    assert "answers on port 80 only" in sketch.reach.why("internet", "load balancer", 443)


def test_a_load_balancer_is_internet_facing_by_default(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.drop("LoadBalancer", "Scheme")
    assert sketch.reach.certain(*IN)


def test_an_internet_facing_load_balancer_needs_a_route_to_the_internet_gateway(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.change("LoadBalancer", Subnets=[ref("AppSubnet")])
    assert not sketch.reach.possible(*IN)
    assert "App has no IPv4 route to an internet gateway" in sketch.reach.why(*IN)


def test_clients_on_the_internet_need_an_ingress_rule(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.change("BalancerGroup", SecurityGroupIngress=[tcp(80, CidrIp="10.0.0.0/8")])
    assert not sketch.reach.possible(*IN)
    sketch.change("BalancerGroup", SecurityGroupIngress=[tcp(80, CidrIp="203.0.113.0/24")])
    assert sketch.reach.possible(*IN)
    assert not sketch.reach.certain(*IN)


def test_clients_on_the_internet_need_acl_rules_in_both_directions(sketch: Sketch) -> None:
    sketch.face_the_internet()
    way_in, way_out = (100, "in", "allow", "0.0.0.0/0", 80, 80), (100, "out", "allow", "0.0.0.0/0", 1024, 65535)
    sketch.acl("Public", way_in, way_out)
    assert sketch.reach.certain(*IN)
    sketch.acl("Public", way_in)
    del sketch.resources["PublicAclout100"]
    assert not sketch.reach.possible(*IN)


def test_an_egress_only_gateway_allows_ipv6_egress_and_no_ingress(sketch: Sketch) -> None:
    sketch.dual_stack()
    assert not sketch.reach.possible(*OUT)
    sketch.add("Egress", "AWS::EC2::EgressOnlyInternetGateway", VpcId=ref("Vpc"))
    for subnet in ("App", "AppB"):
        sketch.route(subnet, "::/0", EgressOnlyInternetGatewayId=ref("Egress"))
    sketch.change("LoadBalancer", Scheme="internet-facing", IpAddressType="dualstack")
    sketch.change("BalancerGroup", SecurityGroupIngress=[tcp(80, CidrIpv6="::/0")])
    assert sketch.reach.possible(*OUT)
    assert sketch.reach.certain(*OUT, family=6)
    assert not sketch.reach.certain(*OUT)
    assert not sketch.reach.possible(*IN)


def test_an_ipv6_route_to_an_internet_gateway_allows_ingress(sketch: Sketch) -> None:
    sketch.dual_stack()
    sketch.change("LoadBalancer", Scheme="internet-facing", IpAddressType="dualstack", Subnets=[ref("AppSubnet")])
    sketch.change("BalancerGroup", SecurityGroupIngress=[tcp(80, CidrIpv6="::/0")])
    assert not sketch.reach.possible(*IN)
    sketch.route("App", "::/0", GatewayId=ref("Gateway"))
    assert sketch.reach.certain(*IN, family=6)
    sketch.change("LoadBalancer", IpAddressType="ipv4")
    assert not sketch.reach.possible(*IN)
    sketch.change("LoadBalancer", IpAddressType="dualstack", Scheme="internal")
    assert not sketch.reach.possible(*IN)
    attributes = [{"Key": "ipv6.deny_all_igw_traffic", "Value": "false"}]
    sketch.change("LoadBalancer", LoadBalancerAttributes=attributes)
    assert sketch.reach.possible(*IN)


def test_ipv6_needs_addresses_on_both_sides(sketch: Sketch) -> None:
    sketch.dual_stack()
    sketch.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, CidrIpv6="::/0")])
    sketch.change("CallerGroup", SecurityGroupEgress=[tcp(5432, CidrIpv6="::/0")])
    assert not sketch.reach.possible("Caller", "database", 5432)
    assert "database has no IPv6 address in Data" in sketch.reach.why("Caller", "database", 5432, family=6)
    sketch.change("DatabaseInstance", NetworkType="DUAL")
    assert sketch.reach.certain("Caller", "database", 5432, family=6)
    sketch.drop("CallerFunction", "VpcConfig")
    vpc_config = {"SubnetIds": [ref("AppSubnet")], "SecurityGroupIds": [ref("CallerGroup")]}
    sketch.change("CallerFunction", VpcConfig=vpc_config)
    assert not sketch.reach.possible("Caller", "database", 5432)


def test_an_ipv6_rule_may_name_a_subnets_own_block(sketch: Sketch) -> None:
    sketch.dual_stack()
    sketch.change("DatabaseInstance", NetworkType="DUAL")
    sketch.change("CallerGroup", SecurityGroupEgress=[tcp(5432, CidrIpv6="::/0")])
    whole = {"Fn::Select": [0, {"Fn::GetAtt": ["Vpc", "Ipv6CidrBlocks"]}]}
    for index, expected in ((1, True), (0, False)):
        block = {"Fn::Select": [index, {"Fn::Cidr": [whole, 4, "64"]}]}
        sketch.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, CidrIpv6=block)])
        assert sketch.reach.possible("Caller", "database", 5432) is expected


def test_later_changes_of_the_templates_do_not_change_the_answers(sketch: Sketch) -> None:
    before: Reachability = sketch.reach
    sketch.face_the_internet()
    assert not before.possible(*IN)
    assert sketch.reach.possible(*IN)
