"""Ways out of the VPC and into it: gateways, NAT and IPv6."""

import pytest

from checks.reachability import Reachability
from tests.support.reachability_sketch import CIDRS, Sketch, ref, tcp

OUT = ("Caller", "internet", 443)
IN = ("internet", "load balancer", 80)
PUBLIC, APP = CIDRS["Public"], "10.0.10.0/23"


def test_nat_leads_out_on_the_ports_that_groups_allow(sketch: Sketch) -> None:
    assert sketch.reach.certain(*OUT)
    assert not sketch.reach.possible("Caller", "internet", 80)


def test_without_a_route_nothing_leads_out(sketch: Sketch) -> None:
    for route in sketch.routes("App", "AppB"):
        del sketch.resources[route]
    assert not sketch.reach.possible(*OUT)
    assert "App has no IPv4 route to the internet" in sketch.reach.why(*OUT)


def test_a_subnet_without_a_route_table_stays_inside(sketch: Sketch) -> None:
    del sketch.resources["AppAssociation"], sketch.resources["AppBAssociation"]
    assert not sketch.reach.possible(*OUT)


def test_one_subnet_without_a_route_is_possible_but_not_certain(sketch: Sketch) -> None:
    del sketch.resources[sketch.routes("App", "AppB")[1]]
    assert sketch.reach.possible(*OUT)
    assert not sketch.reach.certain(*OUT)
    assert "AppB has no IPv4 route to the internet" in sketch.reach.why(*OUT, certain=True)


def test_a_route_to_part_of_the_internet_is_possible_but_not_certain(sketch: Sketch) -> None:
    for route in sketch.routes("App", "AppB"):
        sketch.change(route, DestinationCidrBlock="8.0.0.0/8")
    assert sketch.reach.possible(*OUT)
    assert not sketch.reach.certain(*OUT)


def test_two_half_routes_are_one_default_route(sketch: Sketch) -> None:
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


def test_the_nat_gateways_own_subnet_must_lead_out(sketch: Sketch) -> None:
    del sketch.resources["PublicAssociation"]
    assert not sketch.reach.possible(*OUT)
    assert "Public, where the NAT gateway stands, has no route to the internet" in sketch.reach.why(*OUT)
    assert not sketch.reach.possible("NAT", "internet", 443)


def test_an_internet_gateway_that_is_not_attached_leads_nowhere(sketch: Sketch) -> None:
    sketch.face_the_internet()
    assert sketch.reach.possible(*IN)
    del sketch.resources["Attachment"]
    assert not sketch.reach.possible(*OUT)
    assert not sketch.reach.possible(*IN)


def test_a_private_nat_gateway_does_not_lead_out(sketch: Sketch) -> None:
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
def test_nat_needs_all_four_ways_through_its_own_subnets_acl(
    sketch: Sketch, missing: tuple[int, str, str, str, int, int]
) -> None:
    # Told apart by number: the rule for replies from the internet would let the callers in too.
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


def test_nat_takes_any_unprivileged_port_for_its_replies(sketch: Sketch) -> None:
    everything = [(100, way, "allow", "0.0.0.0/0", 0, 65535) for way in ("in", "out")]
    sketch.acl("Public", (90, "in", "deny", "0.0.0.0/0", 3389, 3389), *everything)
    assert sketch.reach.possible(*OUT)
    assert not sketch.reach.certain(*OUT)


def test_a_regional_nat_gateway_leads_out_of_every_zone(sketch: Sketch) -> None:
    sketch.add("Nat", "AWS::EC2::NatGateway", AvailabilityMode="regional", VpcId=ref("Vpc"))
    assert sketch.reach.certain(*OUT)
    assert sketch.reach.certain("NAT", "internet", 443)
    for zone in sketch.reach.zones:
        assert sketch.reach.without_zone(zone).certain(*OUT)
    del sketch.resources["Attachment"]
    assert not sketch.reach.possible(*OUT)


def test_a_regional_nat_gateways_id_by_attribute_is_the_gateway(sketch: Sketch) -> None:
    sketch.add("Nat", "AWS::EC2::NatGateway", AvailabilityMode="regional", VpcId=ref("Vpc"))
    for route in sketch.routes("App", "AppB"):
        sketch.change(route, NatGatewayId={"Fn::GetAtt": ["Nat", "NatGatewayId"]})
    assert sketch.reach.certain(*OUT)


def test_nat_has_more_client_ports_than_the_instances_behind_it(sketch: Sketch) -> None:
    sketch.instances("App")
    everything = [(100, way, "allow", "0.0.0.0/0", 0, 65535) for way in ("in", "out")]
    sketch.acl("Public", (90, "in", "deny", "0.0.0.0/0", 1024, 1024), *everything)
    assert not sketch.reach.certain("web instances", "internet", 443)
    sketch.change("PublicAclin90", PortRange={"From": 1023, "To": 1023})
    assert sketch.reach.certain("web instances", "internet", 443)


def test_a_public_address_needs_an_attached_internet_gateway(sketch: Sketch) -> None:
    sketch.instances("Public")
    sketch.change("PublicSubnet", MapPublicIpOnLaunch=True)
    assert sketch.reach.certain("web instances", "internet", 443)
    del sketch.resources["Attachment"]
    assert "Stack/Gateway, which isn't attached to the VPC" in sketch.reach.why("web instances", "internet", 443)
    assert not sketch.reach.possible("web instances", "internet", 443)


def test_an_ipv6_route_carries_no_ipv4(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.change("LoadBalancer", Subnets=[ref("DataSubnet")])
    sketch.route("Data", "::/0", GatewayId=ref("Gateway"))
    assert not sketch.reach.possible(*IN)


def test_another_load_balancers_listeners_are_its_own(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.resources["OtherLoadBalancer"] = sketch.resources["LoadBalancer"]
    other = ref("OtherLoadBalancer")
    sketch.add("OtherListener", "AWS::ElasticLoadBalancingV2::Listener", LoadBalancerArn=other, Port=443)
    sketch.change("BalancerGroup", SecurityGroupIngress=[{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}])
    assert sketch.reach.ports("internet", "LoadBalancer") == ((80, 80),)
    assert sketch.reach.ports("internet", "Other") == ((443, 443),)


def test_an_internal_load_balancer_is_out_of_the_internets_reach(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.change("LoadBalancer", Scheme="internal")
    assert sketch.reach.ports("internet", "load balancer") == ()
    assert "load balancer has no public IPv4 address in Public" in sketch.reach.why(*IN)


def test_an_internet_facing_load_balancer_is_reached_on_its_listener_ports_only(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.change("BalancerGroup", SecurityGroupIngress=[{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}])
    assert sketch.reach.ports("internet", "load balancer") == ((80, 80),)
    assert "answers on port 80 only" in sketch.reach.why("internet", "load balancer", 443)


def test_a_load_balancer_that_says_nothing_faces_the_internet(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.drop("LoadBalancer", "Scheme")
    assert sketch.reach.certain(*IN)


def test_an_internet_facing_load_balancer_needs_a_route_to_the_internet_gateway(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.change("LoadBalancer", Subnets=[ref("AppSubnet")])
    assert not sketch.reach.possible(*IN)
    assert "App has no IPv4 route to an internet gateway" in sketch.reach.why(*IN)


def test_the_internets_callers_need_an_ingress_rule_for_them(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.change("BalancerGroup", SecurityGroupIngress=[tcp(80, CidrIp="10.0.0.0/8")])
    assert not sketch.reach.possible(*IN)
    sketch.change("BalancerGroup", SecurityGroupIngress=[tcp(80, CidrIp="203.0.113.0/24")])
    assert sketch.reach.possible(*IN)
    assert not sketch.reach.certain(*IN)


def test_the_internets_callers_pass_the_acl_both_ways(sketch: Sketch) -> None:
    sketch.face_the_internet()
    way_in, way_out = (100, "in", "allow", "0.0.0.0/0", 80, 80), (100, "out", "allow", "0.0.0.0/0", 1024, 65535)
    sketch.acl("Public", way_in, way_out)
    assert sketch.reach.certain(*IN)
    sketch.acl("Public", way_in)
    del sketch.resources["PublicAclout100"]
    assert not sketch.reach.possible(*IN)


def test_an_egress_only_gateway_leads_out_by_ipv6_and_not_in(sketch: Sketch) -> None:
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


def test_an_ipv6_route_to_an_internet_gateway_leads_in(sketch: Sketch) -> None:
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
    place = {"SubnetIds": [ref("AppSubnet")], "SecurityGroupIds": [ref("CallerGroup")]}
    sketch.change("CallerFunction", VpcConfig=place)
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


def test_the_answers_are_those_of_the_moment_the_templates_were_read(sketch: Sketch) -> None:
    before: Reachability = sketch.reach
    sketch.face_the_internet()
    assert not before.possible(*IN)
    assert sketch.reach.possible(*IN)
