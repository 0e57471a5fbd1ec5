"""Security groups in the model: by group, by address, inline or alone, and what AWS adds where nobody says anything."""

import pytest

from checks.reachability import UnresolvedError, UnsupportedError
from tests.support.reachability_sketch import CIDRS, DUMMY, Sketch, ref, tcp

ASKED = ("Caller", "database", 5432)
FROM_CALLER = tcp(5432, SourceSecurityGroupId=ref("CallerGroup"))
TO_DATABASE = tcp(5432, DestinationSecurityGroupId=ref("DatabaseGroup"))


@pytest.fixture
def out(sketch: Sketch) -> Sketch:
    """The function may call out to everything; whether it gets in is the database's matter."""
    sketch.group("CallerGroup")
    return sketch


@pytest.fixture
def entering(sketch: Sketch) -> Sketch:
    """The database lets everything in; whether the function gets out is its own matter."""
    sketch.change("DatabaseGroup", SecurityGroupIngress=[{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}])
    return sketch


def test_a_group_without_ingress_lets_nobody_in(out: Sketch) -> None:
    assert not out.reach.possible(*ASKED)
    assert "the security groups of database let nothing in from Caller on port 5432" in out.reach.why(*ASKED)


def test_members_of_the_named_group_get_in(out: Sketch) -> None:
    out.change("DatabaseGroup", SecurityGroupIngress=[FROM_CALLER])
    assert out.reach.certain(*ASKED)


def test_members_of_another_group_stay_out(out: Sketch) -> None:
    out.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, SourceSecurityGroupId=ref("BalancerGroup"))])
    assert not out.reach.possible(*ASKED)


def test_a_group_named_by_attribute_is_the_group(out: Sketch) -> None:
    peer = {"Fn::GetAtt": ["CallerGroup", "GroupId"]}
    out.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, SourceSecurityGroupId=peer)])
    assert out.reach.possible(*ASKED)


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
def test_addresses_in_the_named_block_get_in(out: Sketch, cidr: str, possible: bool, certain: bool) -> None:
    out.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, CidrIp=cidr)])
    assert out.reach.possible(*ASKED) is possible
    assert out.reach.certain(*ASKED) is certain


def test_the_vpcs_own_block_can_be_named_by_attribute(out: Sketch) -> None:
    block = {"Fn::GetAtt": ["Vpc", "CidrBlock"]}
    out.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, CidrIp=block)])
    assert out.reach.certain(*ASKED)


@pytest.mark.parametrize(("first", "last", "passes"), [(5000, 6000, True), (0, 65535, True), (5433, 6000, False)])
def test_the_port_must_be_in_the_range(out: Sketch, first: int, last: int, passes: bool) -> None:
    out.change("DatabaseGroup", SecurityGroupIngress=[tcp(first, last, CidrIp="0.0.0.0/0")])
    assert out.reach.possible(*ASKED) is passes


@pytest.mark.parametrize(
    ("protocol", "passes"), [("-1", True), ("6", True), (6, True), ("udp", False), ("icmp", False)]
)
def test_the_protocol_must_be_tcp_or_all(out: Sketch, protocol: object, passes: bool) -> None:
    rule = tcp(5432, CidrIp="0.0.0.0/0") | {"IpProtocol": protocol}
    out.change("DatabaseGroup", SecurityGroupIngress=[rule])
    assert out.reach.possible(*ASKED) is passes


def test_one_of_several_rules_and_groups_suffices(out: Sketch) -> None:
    out.group("Second", ingress=[tcp(80, CidrIp="0.0.0.0/0"), FROM_CALLER])
    out.change("DatabaseInstance", VPCSecurityGroups=[ref("DatabaseGroup"), ref("Second")])
    assert out.reach.possible(*ASKED)


def test_a_rule_of_its_own_counts_like_an_inline_one(out: Sketch) -> None:
    out.add("Rule", "AWS::EC2::SecurityGroupIngress", GroupId=ref("DatabaseGroup"), **FROM_CALLER)
    assert out.reach.possible(*ASKED)


def test_a_group_that_nobody_gave_egress_lets_everything_out(entering: Sketch) -> None:
    entering.group("CallerGroup")
    assert entering.reach.possible(*ASKED)
    entering.group("CallerGroup", egress=[])
    assert entering.reach.possible(*ASKED)


def test_the_cdks_rule_for_nobody_lets_nothing_out(entering: Sketch) -> None:
    entering.group("CallerGroup", egress=[DUMMY])
    assert not entering.reach.possible(*ASKED)
    assert "the security groups of Caller let nothing out to database on port 5432" in entering.reach.why(*ASKED)


def test_an_egress_rule_of_its_own_takes_the_default_away(entering: Sketch) -> None:
    entering.group("CallerGroup")
    entering.add("Rule", "AWS::EC2::SecurityGroupEgress", GroupId=ref("CallerGroup"), **tcp(443, CidrIp="0.0.0.0/0"))
    assert not entering.reach.possible(*ASKED)
    entering.add("Other", "AWS::EC2::SecurityGroupEgress", GroupId=ref("CallerGroup"), **TO_DATABASE)
    assert entering.reach.possible(*ASKED)


def test_who_names_no_group_is_in_the_default_one(entering: Sketch) -> None:
    entering.change("CallerFunction", VpcConfig={"SubnetIds": [ref("AppSubnet")]})
    assert entering.reach.possible(*ASKED)
    assert not entering.reach.possible("Caller", "load balancer", 80)


def test_rules_for_a_group_mean_nobody_outside_the_vpc(sketch: Sketch) -> None:
    sketch.face_the_internet()
    sketch.change("BalancerGroup", SecurityGroupIngress=[tcp(80, SourceSecurityGroupId=ref("CallerGroup"))])
    assert not sketch.reach.possible("internet", "load balancer", 80)


@pytest.mark.parametrize("name", ["SourcePrefixListId", "SourceSecurityGroupName"])
def test_peers_of_an_unknown_kind_are_refused(sketch: Sketch, name: str) -> None:
    sketch.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432) | {name: "pl-1"}])
    with pytest.raises(UnsupportedError, match=rf"DatabaseGroup.SecurityGroupIngress\[0\] names its peer by {name}"):
        _ = sketch.reach


def test_a_prefix_list_in_a_rule_of_its_own_is_refused(sketch: Sketch) -> None:
    rule = tcp(5432, DestinationPrefixListId="pl-1")
    sketch.add("Rule", "AWS::EC2::SecurityGroupEgress", GroupId=ref("DatabaseGroup"), **rule)
    with pytest.raises(UnsupportedError, match="Stack/Rule names its peer by DestinationPrefixListId"):
        _ = sketch.reach


def test_a_group_from_elsewhere_is_refused(sketch: Sketch) -> None:
    sketch.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, SourceSecurityGroupId="sg-1")])
    with pytest.raises(UnresolvedError, match="names the group 'sg-1', which is none of these stacks"):
        _ = sketch.reach
    sketch.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432, SourceSecurityGroupId=ref("Vpc"))])
    with pytest.raises(UnresolvedError, match="has a rule for Stack/Vpc, which is no group"):
        _ = sketch.reach


def test_a_rule_without_a_peer_is_refused(sketch: Sketch) -> None:
    sketch.change("DatabaseGroup", SecurityGroupIngress=[tcp(5432)])
    with pytest.raises(UnresolvedError, match="names no peer"):
        _ = sketch.reach


def test_a_node_in_a_group_from_elsewhere_is_refused(sketch: Sketch) -> None:
    sketch.change("DatabaseInstance", VPCSecurityGroups=["sg-1"])
    with pytest.raises(UnresolvedError, match="holds sg-1, which is no security group"):
        _ = sketch.reach
