"""Finds new network access through rules, through routes, and through properties that expose a resource."""

from typing import Any

import pytest

from checks.changes.exposure import openings
from checks.changes.replacements import moves
from tests.support.changes_sketch import DATA, Sketch, att, ref

PEER = {"SourceSecurityGroupId": att("Other", "GroupId")}
BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
NOTHING: dict[str, Any] = {"CidrIp": "255.255.255.255/32", "IpProtocol": "icmp", "FromPort": 252, "ToPort": 86}


def _openings(old: Sketch, new: Sketch) -> list[str]:
    before, after = old.templates, new.templates
    return [
        f"{opening.resource_id.logical_id} {opening.what}" for opening in openings(before, after, moves(before, after))
    ]


def _tcp(first: Any, last: Any = None, **peer: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last or first, **peer}


def _group(*ingress: dict[str, Any], egress: tuple[dict[str, Any], ...] = (NOTHING,)) -> Sketch:
    return (
        Sketch()
        .add("Other", "AWS::EC2::SecurityGroup", SecurityGroupEgress=[NOTHING])
        .add("Group", "AWS::EC2::SecurityGroup", SecurityGroupIngress=list(ingress), SecurityGroupEgress=list(egress))
    )


def test_a_new_ingress_rule_opens() -> None:
    assert _openings(_group(), _group(_tcp(5432, CidrIp="0.0.0.0/0"))) == ["Group ingress tcp 5432 from 0.0.0.0/0"]
    assert _openings(_group(), _group(_tcp(5432, **PEER))) == [f"Group ingress tcp 5432 from ${{{DATA}/Other.GroupId}}"]


@pytest.mark.parametrize(
    ("old", "new", "opens"),
    [
        (_tcp(443, CidrIp="10.0.0.0/8"), _tcp(443, CidrIp="10.1.0.0/16"), False),
        (_tcp(443, CidrIp="10.1.0.0/16"), _tcp(443, CidrIp="10.0.0.0/8"), True),
        (_tcp(1, 1000, CidrIp="10.0.0.0/8"), _tcp(443, CidrIp="10.0.0.0/8"), False),
        (_tcp(443, CidrIp="10.0.0.0/8"), _tcp(443, 444, CidrIp="10.0.0.0/8"), True),
        ({"IpProtocol": "-1", "CidrIp": "10.0.0.0/8"}, _tcp(443, CidrIp="10.0.0.0/8"), False),
        (_tcp(0, 65535, CidrIp="10.0.0.0/8"), {"IpProtocol": "-1", "CidrIp": "10.0.0.0/8"}, True),
        (_tcp(443, CidrIp="0.0.0.0/0"), _tcp(443, CidrIpv6="::/0"), True),
        (_tcp(443, CidrIp="0.0.0.0/0"), _tcp(443, CidrIp="10.0.0.0/8", Description="other words"), False),
        (_tcp(att("D", "Port"), **PEER), _tcp(att("D", "Port"), **PEER), False),
        (_tcp(att("D", "Port"), **PEER), _tcp(22, **PEER), True),
        (_tcp(22, **PEER), _tcp(att("D", "Port"), **PEER), True),
        ({"IpProtocol": "-1", **PEER}, _tcp(att("D", "Port"), **PEER), False),
    ],
)
def test_a_rule_opens_what_no_old_rule_allowed(old: dict[str, Any], new: dict[str, Any], opens: bool) -> None:
    assert bool(_openings(_group(old), _group(new))) is opens


def test_rules_as_resources_count_like_inline_rules() -> None:
    rule = _tcp(443, CidrIp="10.0.0.0/8")
    separate = _group().changed().add("Rule", "AWS::EC2::SecurityGroupIngress", GroupId=att("Group", "GroupId"), **rule)
    assert _openings(_group(rule), separate) == []
    assert _openings(_group(), separate) == ["Group ingress tcp 443 from 10.0.0.0/8"]


def test_a_group_without_egress_rules_allows_all_egress() -> None:
    assert _openings(_group(), _group(egress=())) == [
        "Group egress all traffic to 0.0.0.0/0",
        "Group egress all traffic to ::/0",
    ]
    separate = _group(egress=()).add("Rule", "AWS::EC2::SecurityGroupEgress", GroupId=ref("Group"), **NOTHING)
    assert _openings(_group(), separate) == []


def test_a_renamed_group_is_compared_with_the_old_group() -> None:
    rule = _tcp(443, CidrIp="10.0.0.0/8")
    new = _group(rule).changed()
    new.stacks[DATA]["Resources"]["Renamed"] = new.stacks[DATA]["Resources"].pop("Group")
    assert _openings(_group(rule), new) == []


def _acl(*entries: tuple[int, str, str, int]) -> Sketch:
    sketch = Sketch().add("Subnet", "AWS::EC2::Subnet").add("Acl", "AWS::EC2::NetworkAcl")
    sketch.add(
        "Association", "AWS::EC2::SubnetNetworkAclAssociation", SubnetId=ref("Subnet"), NetworkAclId=att("Acl", "Id")
    )
    for number, action, peer, port in entries:
        sketch.add(
            f"Entry{number}{action}",
            "AWS::EC2::NetworkAclEntry",
            NetworkAclId=att("Acl", "Id"),
            RuleNumber=number,
            RuleAction=action,
            Protocol=6,
            CidrBlock=peer,
            PortRange={"From": port, "To": port},
        )
    return sketch


def test_a_new_allow_rule_of_an_acl_opens() -> None:
    assert _openings(_acl(), _acl((100, "allow", "0.0.0.0/0", 22))) == [
        "Subnet ACL ingress rule 100: tcp 22 from 0.0.0.0/0"
    ]
    assert _openings(_acl((100, "allow", "0.0.0.0/0", 22)), _acl((90, "allow", "10.0.0.0/8", 22))) == []


def test_a_subnet_without_an_acl_gets_the_default_acl_and_renaming_an_acl_opens_nothing() -> None:
    acl = _acl((100, "allow", "10.0.0.0/8", 22))
    assert _openings(acl, acl.changed().remove("Association")) == [
        "Subnet ACL ingress rule 100: all traffic from 0.0.0.0/0",
        "Subnet ACL ingress rule 100: all traffic from ::/0",
        "Subnet ACL egress rule 100: all traffic to 0.0.0.0/0",
        "Subnet ACL egress rule 100: all traffic to ::/0",
    ]
    renamed = acl.changed().remove("Acl").add("Other", "AWS::EC2::NetworkAcl", Tags=[])
    for id_ in ("Association", "Entry100allow"):
        renamed.put(id_, NetworkAclId=att("Other", "Id"))
    assert _openings(acl, renamed) == []


def test_a_deny_rule_that_is_removed_or_comes_too_late_opens_an_acl() -> None:
    old = _acl((10, "deny", "0.0.0.0/0", 22), (100, "allow", "0.0.0.0/0", 22))
    expected = [
        "Subnet ACL ingress rule 100: tcp 22 from 0.0.0.0/0, "
        "no longer preceded by a rule that denies tcp 22 from 0.0.0.0/0"
    ]
    assert _openings(old, _acl((100, "allow", "0.0.0.0/0", 22))) == expected
    assert _openings(old, _acl((110, "deny", "0.0.0.0/0", 22), (100, "allow", "0.0.0.0/0", 22))) == expected
    assert _openings(old, _acl((50, "deny", "0.0.0.0/0", 22), (200, "allow", "0.0.0.0/0", 22))) == []


def test_removing_a_deny_rule_without_effect_opens_nothing() -> None:
    old = _acl((100, "allow", "0.0.0.0/0", 22), (200, "deny", "0.0.0.0/0", 22))
    assert _openings(old, _acl((100, "allow", "0.0.0.0/0", 22))) == []


def test_a_bucket_without_a_public_access_block_is_exposed_in_each_way() -> None:
    closed = Sketch().add("Exposed", "AWS::S3::Bucket", PublicAccessBlockConfiguration=dict.fromkeys(BLOCKS, True))
    assert _openings(closed, Sketch().add("Exposed", "AWS::S3::Bucket")) == [
        f"Exposed PublicAccessBlockConfiguration.{name} = (not set)" for name in BLOCKS
    ]


def test_removing_a_deny_rule_for_other_traffic_opens_nothing() -> None:
    old = _acl((10, "deny", "0.0.0.0/0", 3389), (100, "allow", "0.0.0.0/0", 22))
    assert _openings(old, _acl((100, "allow", "0.0.0.0/0", 22))) == []


def _routed(table: str, **target: Any) -> Sketch:
    return (
        Sketch()
        .add("Subnet", "AWS::EC2::Subnet")
        .add("Private", "AWS::EC2::RouteTable")
        .add("Public", "AWS::EC2::RouteTable")
        .add(
            "Out", "AWS::EC2::Route", RouteTableId=ref("Public"), DestinationCidrBlock="0.0.0.0/0", GatewayId=ref("Igw")
        )
        .add("Nat", "AWS::EC2::Route", RouteTableId=ref("Private"), DestinationCidrBlock="0.0.0.0/0", **target)
        .add("Association", "AWS::EC2::SubnetRouteTableAssociation", SubnetId=ref("Subnet"), RouteTableId=ref(table))
    )


def test_a_route_opens_by_its_target_and_by_another_route_table_of_the_subnet() -> None:
    nat = _routed("Private", NatGatewayId="nat")
    assert _openings(nat, _routed("Private", NatGatewayId="nat")) == []
    internet = f"Subnet route 0.0.0.0/0 -> a gateway ${{{DATA}/Igw}}"
    assert _openings(nat, _routed("Private", GatewayId=ref("Igw"))) == [internet]
    assert _openings(nat, _routed("Public", NatGatewayId="nat")) == [internet]


@pytest.mark.parametrize(
    ("type_", "closed", "opened"),
    [
        ("AWS::RDS::DBInstance", {"PubliclyAccessible": False}, {"PubliclyAccessible": True}),
        ("AWS::RDS::DBInstance", {}, {"PubliclyAccessible": "true"}),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Scheme": "internal"}, {"Scheme": "internet-facing"}),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Scheme": "internal"}, {}),
        ("AWS::EC2::Subnet", {"MapPublicIpOnLaunch": False}, {"MapPublicIpOnLaunch": True}),
        ("AWS::Lambda::Url", {"AuthType": "AWS_IAM"}, {"AuthType": "NONE"}),
        (
            "AWS::EC2::LaunchTemplate",
            {"LaunchTemplateData": {"NetworkInterfaces": [{"AssociatePublicIpAddress": False}]}},
            {"LaunchTemplateData": {"NetworkInterfaces": [{"AssociatePublicIpAddress": True}]}},
        ),
        (
            "AWS::S3::Bucket",
            {
                "PublicAccessBlockConfiguration": dict.fromkeys(
                    ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
                )
            },
            {
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": False,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                }
            },
        ),
    ],
)
def test_properties_expose_in_one_direction_only(type_: str, closed: dict[str, Any], opened: dict[str, Any]) -> None:
    before, after = Sketch().add("Exposed", type_, **closed), Sketch().add("Exposed", type_, **opened)
    assert len(_openings(before, after)) == 1
    assert _openings(after, before) == []
    assert _openings(after, after.changed()) == []
    assert _openings(before, after)[0] in _openings(Sketch(), after)
