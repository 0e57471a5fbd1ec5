"""Network ACLs: order of rules, replies, peers that are allowed in part, and subnets without an ACL."""

import pytest

from checks.reachability import Reachability, UnsupportedError
from checks.templates import Templates
from tests.support.reachability_sketch import CIDRS, VPC, Sketch

ASKED = ("Caller", "database", 5432)
APP, APP_B, BOTH = CIDRS["App"], CIDRS["AppB"], "10.0.10.0/23"
REPLIES = (100, "out", "allow", BOTH, 1024, 65535)


@pytest.fixture
def opened(sketch: Sketch) -> Sketch:
    sketch.allow_caller()
    return sketch


def test_without_an_acl_everything_passes(opened: Sketch) -> None:
    assert opened.reach.possible(*ASKED)
    assert opened.reach.certain(*ASKED)


def test_an_acl_without_rules_allows_nothing(opened: Sketch) -> None:
    opened.acl("Data")
    assert not opened.reach.possible(*ASKED)
    assert "the network ACL DataAcl allows nothing into Data from App: port 5432" in opened.reach.why(*ASKED)


def test_a_connection_passes_with_one_rule_in_each_direction(opened: Sketch) -> None:
    opened.acl("Data", (100, "in", "allow", BOTH, 5432, 5432), REPLIES)
    assert opened.reach.certain(*ASKED)
    opened.change("DatabaseInstance", Port="5433")
    opened.change("CallerGroup", SecurityGroupEgress=[{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}])
    opened.change("DatabaseGroup", SecurityGroupIngress=[{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}])
    assert not opened.reach.possible("Caller", "database", 5433)


@pytest.mark.parametrize(("deny", "passes"), [(90, False), (110, True)])
def test_the_lowest_number_decides(opened: Sketch, deny: int, passes: bool) -> None:
    entries = [(deny, "in", "deny", BOTH, 0, 65535), (100, "in", "allow", BOTH, 5432, 5432)]
    opened.acl("Data", *entries, REPLIES)
    assert opened.reach.possible(*ASKED) is passes


def test_rules_apply_by_number_not_by_position_in_the_template(opened: Sketch) -> None:
    opened.acl("Data", (200, "in", "allow", BOTH, 5432, 5432), (1000, "in", "deny", BOTH, 0, 65535), REPLIES)
    assert opened.reach.possible(*ASKED)


def test_a_connection_whose_replies_are_denied_at_the_target_is_impossible(opened: Sketch) -> None:
    opened.acl("Data", (100, "in", "allow", BOTH, 5432, 5432), (100, "out", "allow", BOTH, 1, 1023))
    assert not opened.reach.possible(*ASKED)
    assert "replies to ports 1024-65535" in opened.reach.why(*ASKED)


def test_a_connection_whose_replies_are_denied_at_the_source_is_impossible(opened: Sketch) -> None:
    for subnet in ("App", "AppB"):
        opened.acl(
            subnet,
            (100, "out", "allow", "0.0.0.0/0", 0, 65535),
            (90, "in", "deny", CIDRS["Data"], 1024, 65535),
            (100, "in", "allow", "0.0.0.0/0", 0, 65535),
        )
    assert not opened.reach.possible(*ASKED)


def test_replies_to_some_ports_only_are_possible_but_not_certain(opened: Sketch) -> None:
    opened.acl("Data", (100, "in", "allow", BOTH, 5432, 5432), (100, "out", "allow", BOTH, 32768, 65535))
    assert opened.reach.possible(*ASKED)
    assert not opened.reach.certain(*ASKED)
    assert "allows not everything out of" in opened.reach.why(*ASKED, certain=True)


def test_linux_instances_need_replies_to_their_own_range_only(sketch: Sketch) -> None:
    sketch.instances("App", "AppB")
    sketch.change("DatabaseGroup", SecurityGroupIngress=[{"IpProtocol": "-1", "CidrIp": BOTH}])
    sketch.acl("Data", (100, "in", "allow", BOTH, 5432, 5432), (100, "out", "allow", BOTH, 32768, 60999))
    assert sketch.reach.certain("instances", "database", 5432)
    sketch.change("DataAclout100", PortRange={"From": 32768, "To": 60998})
    assert not sketch.reach.certain("instances", "database", 5432)


def test_root_on_an_instance_may_use_any_client_port(sketch: Sketch) -> None:
    sketch.instances("App")
    sketch.change("DatabaseGroup", SecurityGroupIngress=[{"IpProtocol": "-1", "CidrIp": BOTH}])
    sketch.acl("Data", (100, "in", "allow", BOTH, 5432, 5432), (100, "out", "allow", BOTH, 443, 443))
    assert sketch.reach.possible("instances", "database", 5432)
    assert not sketch.reach.certain("instances", "database", 5432)


def test_a_denied_port_in_the_reply_range_is_found(opened: Sketch) -> None:
    denied = (90, "out", "deny", BOTH, 3389, 3389)
    opened.acl("Data", (100, "in", "allow", BOTH, 5432, 5432), denied, REPLIES)
    assert opened.reach.possible(*ASKED)
    assert not opened.reach.certain(*ASKED)


def test_a_denied_client_port_can_be_ignored_and_no_other_is(opened: Sketch) -> None:
    denied = (90, "out", "deny", BOTH, 3389, 3389)
    opened.acl("Data", (100, "in", "allow", BOTH, 5432, 5432), denied, REPLIES)
    assert Reachability.of(Templates(stacks=opened.templates), ignored_client_ports=[3389]).certain(*ASKED)
    assert not Reachability.of(Templates(stacks=opened.templates), ignored_client_ports=[3390]).certain(*ASKED)
    opened.change("DataAclout90", PortRange={"From": 3389, "To": 3390})
    assert not Reachability.of(Templates(stacks=opened.templates), ignored_client_ports=[3389]).certain(*ASKED)


def test_a_rule_for_some_peers_is_possible_but_not_certain(opened: Sketch) -> None:
    opened.acl("Data", (100, "in", "allow", "10.0.10.0/25", 5432, 5432), REPLIES)
    assert opened.reach.possible(*ASKED)
    assert not opened.reach.certain(*ASKED)


def test_a_rule_for_one_of_two_subnets_is_possible_but_not_certain(opened: Sketch) -> None:
    opened.acl("Data", (100, "in", "allow", APP_B, 5432, 5432), REPLIES)
    assert opened.reach.possible(*ASKED)
    assert not opened.reach.certain(*ASKED)
    assert "from App to Data" in opened.reach.why(*ASKED, certain=True)


def test_two_rules_that_together_cover_the_peers_are_certain(opened: Sketch) -> None:
    halves = [
        (100, "in", "allow", "10.0.10.0/25", 5432, 5432),
        (110, "in", "allow", "10.0.10.128/25", 5432, 5432),
        (120, "in", "allow", APP_B, 0, 65535),
    ]
    opened.acl("Data", *halves, REPLIES)
    assert opened.reach.certain(*ASKED)


def test_nothing_passes_if_group_and_acl_allow_different_halves(opened: Sketch) -> None:
    opened.change(
        "DatabaseGroup",
        SecurityGroupIngress=[{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": "10.0.10.0/25"}],
    )
    opened.acl("Data", (100, "in", "allow", "10.0.10.128/25", 5432, 5432), REPLIES)
    assert not opened.reach.possible(*ASKED)


def test_rules_for_other_protocols_do_not_apply_to_tcp(opened: Sketch) -> None:
    opened.acl("Data", (90, "in", "deny", BOTH, 0, 65535), (100, "in", "allow", BOTH, 5432, 5432), REPLIES)
    opened.change("DataAclin90", Protocol=17)
    assert opened.reach.possible(*ASKED)


def test_a_rule_for_all_protocols_applies_to_tcp(opened: Sketch) -> None:
    opened.acl("Data", (90, "in", "deny", BOTH, 22, 22), (100, "in", "allow", BOTH, 5432, 5432), REPLIES)
    opened.change("DataAclin90", Protocol=-1)
    assert not opened.reach.possible(*ASKED)


def test_an_ipv6_rule_does_not_apply_to_ipv4(opened: Sketch) -> None:
    opened.acl("Data", (90, "in", "deny", "::/0", 0, 65535), (100, "in", "allow", BOTH, 5432, 5432), REPLIES)
    assert opened.reach.possible(*ASKED)
    opened.drop("DataAclin100", "CidrBlock")
    opened.change("DataAclin100", Ipv6CidrBlock="::/0")
    assert not opened.reach.possible(*ASKED)


def test_traffic_inside_a_subnet_passes_no_acl(opened: Sketch) -> None:
    opened.acl("Data")
    opened.function("Caller", "CallerGroup", "Data")
    assert opened.reach.certain(*ASKED)


def test_rules_added_to_the_default_acl_count(opened: Sketch) -> None:
    opened.add(
        "Deny",
        "AWS::EC2::NetworkAclEntry",
        NetworkAclId={"Fn::GetAtt": ["Vpc", "DefaultNetworkAcl"]},
        RuleNumber=50,
        Protocol=6,
        RuleAction="deny",
        CidrBlock=BOTH,
        PortRange={"From": 5432, "To": 5432},
    )
    assert not opened.reach.possible(*ASKED)
    opened.change("Deny", RuleNumber=102)
    assert opened.reach.possible(*ASKED)


def test_two_rules_with_the_same_number_are_refused(opened: Sketch) -> None:
    opened.acl("Data", (100, "in", "allow", APP, 5432, 5432), REPLIES)
    opened.resources["Twin"] = opened.resources["DataAclin100"]
    with pytest.raises(UnsupportedError, match="DataAcl has several rules with the number 100"):
        _ = opened.reach


def test_two_acls_for_one_subnet_are_refused(opened: Sketch) -> None:
    opened.acl("Data")
    opened.add("Other", "AWS::EC2::NetworkAcl", VpcId=VPC)
    ends = {"SubnetId": {"Ref": "DataSubnet"}, "NetworkAclId": {"Ref": "Other"}}
    opened.add("Second", "AWS::EC2::SubnetNetworkAclAssociation", **ends)
    with pytest.raises(UnsupportedError, match="DataSubnet has several associations"):
        _ = opened.reach
