"""Network ACLs, a second barrier in case a security group is opened too far."""

from collections import Counter
from dataclasses import replace

import pytest

from config.environments import DEV
from config.network import AnyZones, DualStack, Ipv4
from tests.support.synthesis import Synthesized, synthesize


@pytest.mark.parametrize("addressing", [Ipv4(), DualStack()])
def test_each_tier_has_a_network_acl_below_the_rule_limit(addressing: Ipv4 | DualStack) -> None:
    network = replace(DEV.network, addressing=addressing, zones=AnyZones(count=6))
    synthesized = synthesize(replace(DEV, network=network))
    entries = [entry["Properties"] for entry in synthesized.resources("Network", "AWS::EC2::NetworkAclEntry").values()]
    lists = Counter((str(entry["NetworkAclId"]), entry["Egress"]) for entry in entries)
    assert len(lists) == 6
    assert max(lists.values()) < 20, "AWS's limit in each direction is 20 rules, the final denial included"
    assert len(synthesized.resources("Network", "AWS::EC2::SubnetNetworkAclAssociation")) == 18


def test_every_subnet_has_its_tiers_network_acl(every_environment: Synthesized) -> None:
    found = every_environment.resources("Network", "AWS::EC2::SubnetNetworkAclAssociation").values()
    lists = {one["Properties"]["SubnetId"]["Ref"]: str(one["Properties"]["NetworkAclId"]) for one in found}
    for tier in ("Public", "App", "Data"):
        subnets = [id_ for id_ in every_environment.resources("Network", "AWS::EC2::Subnet") if f"Vpc{tier}Sub" in id_]
        assert len(subnets) == 3
        for subnet in subnets:
            behind = lists.get(subnet, "the VPC's default list, which allows everything")
            assert f"{tier}NetworkAcl" in behind, f"{subnet} has {behind}"


def _entries(synthesized: Synthesized, tier: str, *, egress: bool) -> set[tuple[str, tuple[int, int]]]:
    """Peers and ports that the tier's list allows TCP from or to."""
    entries = [entry["Properties"] for entry in synthesized.resources("Network", "AWS::EC2::NetworkAclEntry").values()]
    allowed = {
        (entry.get("CidrBlock") or str(entry["Ipv6CidrBlock"]), (entry["PortRange"]["From"], entry["PortRange"]["To"]))
        for entry in entries
        if f"{tier}NetworkAcl" in str(entry["NetworkAclId"])
        and (entry["Egress"], entry["RuleAction"]) == (egress, "allow")
        and "PortRange" in entry
    }
    assert allowed, f"the {tier} tier's list"
    return allowed


@pytest.mark.parametrize("egress", [False, True], ids=["in", "out"])
def test_the_data_tiers_network_acl_admits_only_the_app_and_data_tiers(
    every_environment: Synthesized, egress: bool
) -> None:
    blocks = every_environment.environment.network.addresses.blocks()
    strangers = {
        entry
        for entry in _entries(every_environment, "Data", egress=egress)
        if entry[0] not in (str(blocks["app"]), str(blocks["data"]))
    }
    assert not strangers, f"the data tier's list allows {strangers}"


def test_the_app_tiers_network_acl_admits_only_replies_from_anywhere(every_environment: Synthesized) -> None:
    block = str(every_environment.environment.network.addresses.blocks()["app"])
    from_others = {entry for entry in _entries(every_environment, "App", egress=False) if entry[0] != block}
    assert from_others == {("0.0.0.0/0", (1024, 65535))}, f"the app tier's list admits {from_others}"


def test_the_public_tiers_network_acl_admits_only_replies_when_nothing_is_public(
    every_environment: Synthesized,
) -> None:
    block = str(every_environment.environment.network.addresses.blocks()["app"])
    from_others = {entry for entry in _entries(every_environment, "Public", egress=False) if entry[0] != block}
    assert from_others == {("0.0.0.0/0", (1024, 65535))}, f"the public tier's list admits {from_others}"


@pytest.mark.parametrize("addressing", [Ipv4(), DualStack()])
def test_network_acls_allow_path_mtu_discovery(addressing: Ipv4 | DualStack) -> None:
    """Otherwise only large packets are lost (Amazon EC2 User Guide, "Network maximum transmission unit (MTU)")."""
    synthesized = synthesize(replace(DEV, network=replace(DEV.network, addressing=addressing)))
    entries = [one["Properties"] for one in synthesized.resources("Network", "AWS::EC2::NetworkAclEntry").values()]
    allowed = {
        (str(one["NetworkAclId"]), one["Egress"], one["Protocol"], one["Icmp"]["Type"], one["Icmp"]["Code"])
        for one in entries
        if "Icmp" in one and one["RuleAction"] == "allow"
    }
    too_big = [(1, 3, 4), (58, 2, 0)] if isinstance(addressing, DualStack) else [(1, 3, 4)]
    for tier in ("Public", "App"):
        (acl,) = {str(one["NetworkAclId"]) for one in entries if f"{tier}NetworkAcl" in str(one["NetworkAclId"])}
        missing = {
            (egress, *each) for egress in (True, False) for each in too_big if (acl, egress, *each) not in allowed
        }
        assert not missing, f"the {tier} tier's list drops ICMP (egress, protocol, type, code): {missing}"


def test_every_network_acl_denies_ssh_and_rdp_first(every_environment: Synthesized) -> None:
    entries = [
        entry["Properties"] for entry in every_environment.resources("Network", "AWS::EC2::NetworkAclEntry").values()
    ]
    for acl in {str(entry["NetworkAclId"]) for entry in entries}:
        inbound = [entry for entry in entries if str(entry["NetworkAclId"]) == acl and not entry["Egress"]]
        first = sorted(inbound, key=lambda entry: entry["RuleNumber"])[:2]
        actions = [entry["RuleAction"] for entry in first]
        assert actions == ["deny", "deny"], f"the first two rules of {acl} are {actions}"
        assert {entry["PortRange"]["From"] for entry in first} == {22, 3389}
        assert {entry["CidrBlock"] for entry in first} == {"0.0.0.0/0"}
