"""Security groups: what a node may open, and what may be opened to it. They know connections: replies always pass.

Amazon VPC User Guide, "Security group rules". AWS adds a rule that lets everything out to a group that is made without
egress rules, and CloudFormation takes it away with the first one, inline or as a resource of its own (AWS
CloudFormation Template Reference, "AWS::EC2::SecurityGroup"; aws/aws-cdk issue 987).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Literal

from checks.reachability.acl import ALL_PROTOCOLS, TCP
from checks.reachability.guard import UnsupportedError
from checks.reachability.ranges import ALL_PORTS, EVERYWHERE, NOTHING, Family, Ranges, addresses, ranges
from checks.reachability.resolve import Resolver, Section, UnresolvedError
from checks.templates import Reference

Direction = Literal["ingress", "egress"]
DEFAULT_GROUP = "DefaultSecurityGroup"
# The peer's group is named by one of these, by direction.
_PEER_GROUP = {"ingress": "SourceSecurityGroupId", "egress": "DestinationSecurityGroupId"}
_NOT_COVERED = ("SourcePrefixListId", "DestinationPrefixListId", "SourceSecurityGroupName")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Opens TCP ports to the members of a group, or to addresses of one IP version."""

    ports: Ranges
    group: Reference | None = None
    family: Family = 4
    peers: Ranges = NOTHING


@dataclass(frozen=True, kw_only=True)
class SecurityGroup:
    """The rules of one group, those that other stacks add included."""

    reference: Reference
    ingress: tuple[Rule, ...]
    egress: tuple[Rule, ...]


def allowed(
    rules: Iterable[Rule], peers: Ranges, *, peer_groups: Iterable[Reference], port: int, family: Family
) -> Ranges:
    """Those of the addresses `peers`, of a node with `peer_groups`, to which any of the rules opens the port."""
    found, groups = NOTHING, set(peer_groups)
    for rule in rules:
        if port not in rule.ports:
            continue
        if rule.group is not None:
            found |= peers if rule.group in groups else NOTHING
        elif rule.family == family:
            found |= peers & rule.peers
    return found


def read_security_groups(resolver: Resolver) -> dict[Reference, SecurityGroup]:
    """Every security group of the templates, and the VPC's default one."""
    (vpc,) = resolver.resources("AWS::EC2::VPC")
    default = Reference(place=vpc.reference.place, attribute=DEFAULT_GROUP)
    groups = [resource.reference for resource in resolver.resources("AWS::EC2::SecurityGroup")]
    rules: dict[tuple[Reference, Direction], list[Rule]] = {}
    written: set[Reference] = set()
    for resource in resolver.resources("AWS::EC2::SecurityGroup"):
        for direction, name in _inline():
            sections = resource.sections(name)
            rules[resource.reference, direction] = [rule for one in sections for rule in _rules(one, direction)]
            if sections and direction == "egress":
                written.add(resource.reference)
    # As AWS makes it: its members reach each other and everything else. Emptying it is no resource's property, so a
    # node in it is judged as if nobody had.
    rules[default, "ingress"] = [Rule(ports=ALL_PORTS, group=default)]
    rules[default, "egress"] = _everything()
    for direction, type_ in _alone():
        for resource in resolver.resources(type_):
            owner = resource.require("GroupId")
            if (owner, direction) not in rules:
                raise UnresolvedError(f"{resource.at}.GroupId must point to a group of these templates, got {owner}")
            rules[owner, direction] += _rules(resource, direction)
            if direction == "egress":
                written.add(owner)
    for group in groups:
        if group not in written:
            rules[group, "egress"] = _everything()
    found = {
        group: SecurityGroup(
            reference=group, ingress=tuple(rules[group, "ingress"]), egress=tuple(rules[group, "egress"])
        )
        for group in (*groups, default)
    }
    _refuse_strangers(found)
    return found


def _inline() -> tuple[tuple[Direction, str], ...]:
    return ("ingress", "SecurityGroupIngress"), ("egress", "SecurityGroupEgress")


def _alone() -> tuple[tuple[Direction, str], ...]:
    return ("ingress", "AWS::EC2::SecurityGroupIngress"), ("egress", "AWS::EC2::SecurityGroupEgress")


def _everything() -> list[Rule]:
    families: tuple[Family, ...] = (4, 6)
    return [Rule(ports=ALL_PORTS, family=family, peers=EVERYWHERE[family]) for family in families]


def _refuse_strangers(groups: dict[Reference, SecurityGroup]) -> None:
    for group in groups.values():
        for rule in (*group.ingress, *group.egress):
            if rule.group is not None and rule.group not in groups:
                raise UnresolvedError(
                    f"{group.reference} has a rule for {rule.group}, which is no group of these stacks"
                )


def _rules(section: Section, direction: Direction) -> list[Rule]:
    for name in _NOT_COVERED:
        if name in section.raw:
            raise UnsupportedError(
                f"{section.at} names its peer by {name}, which reachability doesn't cover: "
                "name a CIDR block or a security group of these stacks"
            )
    protocol = str(section.require("IpProtocol")).lower()
    if protocol not in (ALL_PROTOCOLS, *TCP):
        return []  # among them the CDK's rule for nobody, which is ICMP to 255.255.255.255/32
    ports = ALL_PORTS if protocol == ALL_PROTOCOLS else _ports(section)
    group = section.get(_PEER_GROUP[direction])
    if group is not None:
        if not isinstance(group, Reference):
            raise UnresolvedError(f"{section.at} names the group {group!r}, which is none of these stacks")
        return [Rule(ports=ports, group=group)]
    block = section.get("CidrIp") or section.get("CidrIpv6")
    if block is None:
        raise UnresolvedError(f"{section.at} names no peer: neither CidrIp, CidrIpv6 nor {_PEER_GROUP[direction]}")
    try:
        network = ip_network(str(block))
    except ValueError as error:
        raise UnresolvedError(f"{section.at}: {error}") from error
    return [Rule(ports=ports, family=network.version, peers=addresses(network))]


def _ports(section: Section) -> Ranges:
    first = int(section.require("FromPort"))
    return ALL_PORTS if first == -1 else ranges((first, int(section.require("ToPort"))))
