"""Security groups: rules for groups and addresses, inline or as resources, and the rules that AWS adds by default."""

from typing import Any

import pytest

from checks.reachability import Reachability, UnresolvedError, UnsupportedError
from checks.templates import Templates
from tests.support.reachability_sketch import CIDRS, DUMMY, Sketch, ref, tcp

ASKED = ("Caller", "database", 5432)
FROM_CALLER = tcp(5432, SourceSecurityGroupId=ref("CallerGroup"))
TO_DATABASE = tcp(5432, DestinationSecurityGroupId=ref("DatabaseGroup"))


@pytest.fixture
def open_egress(sketch: Sketch) -> Sketch:
    """The function's groups allow all egress, so that the database's groups decide."""
    sketch.group("CallerGroup")
    return sketch


@pytest.fixture
def open_ingress(sketch: Sketch) -> Sketch:
    """The database's groups allow all ingress, so that the function's groups decide."""
    sketch.change("DatabaseGroup", SecurityGroupIngress=[{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}])
    return sketch


def _with_prefix_list(sketch: Sketch, **gateway: Any) -> Reachability:
    """A function that may call S3 only, by the prefix list."""
    sketch.group("CallerGroup", egress=[tcp(443, DestinationPrefixListId="pl-1")])
    sketch.add("S3", "AWS::EC2::VPCEndpoint", ServiceName="com.amazonaws.eu-west-1.s3", **gateway)
    sketch.add("Db", "AWS::EC2::VPCEndpoint", ServiceName="com.amazonaws.eu-west-1.dynamodb", **gateway)
    return Reachability.of(Templates(stacks=sketch.templates), prefix_lists={"pl-1": "s3"})


def test_a_rule_for_a_prefix_list_allows_the_gateway_of_its_service_alone(sketch: Sketch) -> None:
    reach = _with_prefix_list(sketch, RouteTableIds=[ref("AppTable"), ref("AppBTable")])
    assert reach.certain("Caller", "s3 gateway", 443)
    for target in ("internet", "dynamodb gateway"):
        assert reach.ports("Caller", target) == (), target


def test_a_prefix_list_without_a_gateway_in_each_subnet_is_unsupported(sketch: Sketch) -> None:
    with pytest.raises(UnsupportedError, match=r"Caller may reach the addresses of s3, and .*AppB"):
        _with_prefix_list(sketch, RouteTableIds=[ref("AppTable")])


def test_a_group_without_ingress_rules_allows_no_ingress(open_egress: Sketch) -> None:
    assert not open_egress.reach.possible(*ASKED)
    assert "the security groups of database allow nothing in from Caller on port 5432" in open_egress.reach.why(*ASKED)


def test_a_rule_for_a_group_allows_its_members(open_egress: Sketch) -> None:
    open_egress.change("DatabaseGroup", SecurityGroupIngress=[FROM_CALLER])
    assert open_egress.reach.certain(*ASKED)


def test_a_rule_for_a_group_does_not_allow_members_of_another_one(open_egress: Sketch) -> None:
    open_egress.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, SourceSecurityGroupId=ref("BalancerGroup"))])
    assert not open_egress.reach.possible(*ASKED)


def test_a_rule_may_name_a_group_by_its_id_attribute(open_egress: Sketch) -> None:
    peer = {"Fn::GetAtt": ["CallerGroup", "GroupId"]}
    open_egress.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, SourceSecurityGroupId=peer)])
    assert open_egress.reach.possible(*ASKED)


@pytest.mark.parametrize(
    ("cidr", "possible", "certain"),
    [
        ("10.0.0.0/16", True, True),
        ("10.0.10.0/23", True, True),
        (CIDRS["App"], True, False),
        ("10.0.11.64/26", True, False),
        (CIDRS["Public"], False, False),
    ],
)
def test_a_rule_for_a_block_allows_its_addresses(open_egress: Sketch, cidr: str, possible: bool, certain: bool) -> None:
    open_egress.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, CidrIp=cidr)])
    assert open_egress.reach.possible(*ASKED) is possible
    assert open_egress.reach.certain(*ASKED) is certain


def test_a_rule_may_name_the_vpcs_block_by_its_attribute(open_egress: Sketch) -> None:
    block = {"Fn::GetAtt": ["Vpc", "CidrBlock"]}
    open_egress.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, CidrIp=block)])
    assert open_egress.reach.certain(*ASKED)


@pytest.mark.parametrize(("first", "last", "passes"), [(5000, 6000, True), (0, 65535, True), (5433, 6000, False)])
def test_the_port_must_be_in_the_range(open_egress: Sketch, first: int, last: int, passes: bool) -> None:
    open_egress.change("DatabaseGroup", SecurityGroupIngress=[tcp(first, last, CidrIp="0.0.0.0/0")])
    assert open_egress.reach.possible(*ASKED) is passes


@pytest.mark.parametrize(
    ("protocol", "passes"), [("-1", True), ("6", True), (6, True), ("udp", False), ("icmp", False)]
)
def test_the_protocol_must_be_tcp_or_all(open_egress: Sketch, protocol: object, passes: bool) -> None:
    rule = tcp(5432, CidrIp="0.0.0.0/0") | {"IpProtocol": protocol}
    open_egress.change("DatabaseGroup", SecurityGroupIngress=[rule])
    assert open_egress.reach.possible(*ASKED) is passes


def test_one_of_several_rules_and_groups_is_enough(open_egress: Sketch) -> None:
    open_egress.group("Second", ingress=[tcp(80, CidrIp="0.0.0.0/0"), FROM_CALLER])
    open_egress.change("DatabaseInstance", VPCSecurityGroups=[ref("DatabaseGroup"), ref("Second")])
    assert open_egress.reach.possible(*ASKED)


def test_a_rule_as_a_resource_counts_like_an_inline_one(open_egress: Sketch) -> None:
    open_egress.add("Rule", "AWS::EC2::SecurityGroupIngress", GroupId=ref("DatabaseGroup"), **FROM_CALLER)
    assert open_egress.reach.possible(*ASKED)


def test_a_group_without_egress_rules_allows_all_egress(open_ingress: Sketch) -> None:
    open_ingress.group("CallerGroup")
    assert open_ingress.reach.possible(*ASKED)
    open_ingress.group("CallerGroup", egress=[])
    assert open_ingress.reach.possible(*ASKED)


def test_the_rule_with_which_the_cdk_disallows_egress_allows_nothing(open_ingress: Sketch) -> None:
    open_ingress.group("CallerGroup", egress=[DUMMY])
    assert not open_ingress.reach.possible(*ASKED)
    assert "the security groups of Caller allow nothing out to database on port 5432" in open_ingress.reach.why(*ASKED)


def test_an_egress_rule_as_a_resource_removes_the_default_rule(open_ingress: Sketch) -> None:
    open_ingress.group("CallerGroup")
    open_ingress.add(
        "Rule", "AWS::EC2::SecurityGroupEgress", GroupId=ref("CallerGroup"), **tcp(443, CidrIp="0.0.0.0/0")
    )
    assert not open_ingress.reach.possible(*ASKED)
    open_ingress.add("Other", "AWS::EC2::SecurityGroupEgress", GroupId=ref("CallerGroup"), **TO_DATABASE)
    assert open_ingress.reach.possible(*ASKED)


def test_a_node_without_groups_is_in_the_default_group(open_ingress: Sketch) -> None:
    open_ingress.change("CallerFunction", VpcConfig={"SubnetIds": [ref("AppSubnet")]})
    assert open_ingress.reach.possible(*ASKED)
    assert not open_ingress.reach.possible("Caller", "load balancer", 80)


def test_a_rule_for_a_group_allows_nothing_outside_the_vpc(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.change("BalancerGroup", SecurityGroupIngress=[tcp(80, SourceSecurityGroupId=ref("CallerGroup"))])
    assert not sketch.reach.possible("internet", "load balancer", 80)


@pytest.mark.parametrize("name", ["SourcePrefixListId", "SourceSecurityGroupName"])
def test_unsupported_kinds_of_peers_are_refused(sketch: Sketch, name: str) -> None:
    sketch.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432) | {name: "pl-1"}])
    with pytest.raises(UnsupportedError, match=rf"DatabaseGroup.SecurityGroupIngress\[0\] names its peer by {name}"):
        _ = sketch.reach


def test_a_prefix_list_in_a_rule_as_a_resource_is_refused(sketch: Sketch) -> None:
    rule = tcp(5432, DestinationPrefixListId="pl-1")
    sketch.add("Rule", "AWS::EC2::SecurityGroupEgress", GroupId=ref("DatabaseGroup"), **rule)
    with pytest.raises(
        UnsupportedError,
        match="Stack/Rule names the prefix list 'pl-1', of which reachability doesn't know the service",
    ):
        _ = sketch.reach


def test_a_rule_for_a_group_outside_the_templates_is_refused(sketch: Sketch) -> None:
    sketch.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, SourceSecurityGroupId="sg-1")])
    with pytest.raises(UnresolvedError, match="names the group 'sg-1', which isn't in these templates"):
        _ = sketch.reach
    sketch.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, SourceSecurityGroupId=ref("Vpc"))])
    with pytest.raises(UnresolvedError, match="has a rule for Stack/Vpc, which is no group"):
        _ = sketch.reach


def test_a_rule_without_a_peer_is_refused(sketch: Sketch) -> None:
    sketch.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432)])
    with pytest.raises(UnresolvedError, match="names no peer"):
        _ = sketch.reach


def test_a_node_in_a_group_outside_the_templates_is_refused(sketch: Sketch) -> None:
    sketch.change("DatabaseInstance", VPCSecurityGroups=["sg-1"])
    with pytest.raises(UnresolvedError, match="contains sg-1, which is no security group"):
        _ = sketch.reach
