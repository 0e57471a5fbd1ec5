"""Security groups: the connections that a node may open and accept. They are stateful: replies always pass.

Amazon VPC User Guide, "Security group rules". AWS adds a rule that allows all egress to a group without egress rules,
and CloudFormation removes it with the first egress rule, inline or as a resource of its own (AWS CloudFormation
Template Reference, "AWS::EC2::SecurityGroup"; aws/aws-cdk issue 987).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from checks.reachability.acl import tcp_ports
from checks.reachability.ranges import ALL_PORTS, EVERYWHERE, NOTHING, Family, Ranges, addresses
from checks.reachability.resolve import Resolver, Section, UnresolvedError
from checks.reachability.unsupported import UnsupportedError
from checks.templates import Reference

Direction = Literal["ingress", "egress"]
DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")
# The property that names the peer's group, by direction.
_PEER_GROUP = {"ingress": "SourceSecurityGroupId", "egress": "DestinationSecurityGroupId"}
_UNSUPPORTED = ("SourcePrefixListId", "SourceSecurityGroupName")


@dataclass(frozen=True, kw_only=True)
class SecurityGroupRule:
    """Allows TCP ports for the members of a group, for a service's addresses, or for addresses of one IP version."""

    ports: Ranges
    group: Reference | None = None
    service: str = ""
    family: Family = 4
    peers: Ranges = NOTHING


@dataclass(frozen=True, kw_only=True)
class SecurityGroup:
    """The rules of one group, including those that other stacks add."""

    reference: Reference
    ingress: tuple[SecurityGroupRule, ...]
    egress: tuple[SecurityGroupRule, ...]


def allowed(
    rules: Iterable[SecurityGroupRule],
    peers: Ranges,
    *,
    peer_groups: Iterable[Reference],
    service: str,
    port: int,
    family: Family,
) -> Ranges:
    """The part of `peers`, the addresses of a node with `peer_groups`, to which a rule opens the port.

    `service` is that of a gateway endpoint, empty for every other node.
    """
    found, groups = NOTHING, set(peer_groups)
    for rule in rules:
        if port not in rule.ports:
            continue
        if rule.group is not None:
            found |= peers if rule.group in groups else NOTHING
        elif rule.service:
            found |= peers if rule.service == service else NOTHING
        elif rule.family == family:
            found |= peers & rule.peers
    return found


def default_group(resolver: Resolver) -> Reference:
    """The VPC's default security group, which applies to everything that names none."""
    (vpc,) = resolver.resources("AWS::EC2::VPC")
    return Reference(resource_id=vpc.id_, attribute="DefaultSecurityGroup")


def read_security_groups(resolver: Resolver, prefix_lists: Mapping[str, str]) -> dict[Reference, SecurityGroup]:
    """Every security group in the templates, and the VPC's default one.

    `prefix_lists` has the service of each prefix list of AWS, by its id: no template says it.
    """
    default = default_group(resolver)
    groups = [resource.reference for resource in resolver.resources("AWS::EC2::SecurityGroup")]
    rules: dict[tuple[Reference, Direction], list[SecurityGroupRule]] = {}
    with_egress: set[Reference] = set()
    for resource in resolver.resources("AWS::EC2::SecurityGroup"):
        for direction in DIRECTIONS:
            sections = resource.sections(f"SecurityGroup{direction.capitalize()}")
            rules[resource.reference, direction] = [
                rule for one in sections for rule in _rules(one, direction, prefix_lists)
            ]
            if sections and direction == "egress":
                with_egress.add(resource.reference)
    # As AWS creates it: its members reach each other and everything else. No template shows whether something removes
    # these rules, so they count.
    rules[default, "ingress"] = [SecurityGroupRule(ports=ALL_PORTS, group=default)]
    rules[default, "egress"] = _everything()
    for direction in DIRECTIONS:
        for resource in resolver.resources(f"AWS::EC2::SecurityGroup{direction.capitalize()}"):
            owner = resource.require("GroupId")
            if (owner, direction) not in rules:
                raise UnresolvedError(f"{resource.at}.GroupId must refer to a group in these templates, got {owner}")
            rules[owner, direction] += _rules(resource, direction, prefix_lists)
            if direction == "egress":
                with_egress.add(owner)
    for group in groups:
        if group not in with_egress:
            rules[group, "egress"] = _everything()
    found = {
        group: SecurityGroup(
            reference=group, ingress=tuple(rules[group, "ingress"]), egress=tuple(rules[group, "egress"])
        )
        for group in (*groups, default)
    }
    _refuse_unknown_groups(found)
    return found


def _everything() -> list[SecurityGroupRule]:
    return [SecurityGroupRule(ports=ALL_PORTS, family=family, peers=peers) for family, peers in EVERYWHERE.items()]


def _refuse_unknown_groups(groups: dict[Reference, SecurityGroup]) -> None:
    for group in groups.values():
        for rule in (*group.ingress, *group.egress):
            if rule.group is not None and rule.group not in groups:
                raise UnresolvedError(
                    f"{group.reference} has a rule for {rule.group}, which is no group in these templates"
                )


def _rules(section: Section, direction: Direction, prefix_lists: Mapping[str, str]) -> list[SecurityGroupRule]:
    for name in _UNSUPPORTED:
        if name in section.raw:
            raise UnsupportedError(
                f"{section.at} names its peer by {name}, which reachability doesn't cover: "
                "name a CIDR block or a security group in these templates"
            )
    ports = tcp_ports(section.require("IpProtocol"), section, "FromPort", "ToPort")
    if not ports:
        return []  # such as the CDK's rule that disallows all traffic: ICMP to 255.255.255.255/32
    group = section.get(_PEER_GROUP[direction])
    if group is not None:
        if not isinstance(group, Reference):
            raise UnresolvedError(f"{section.at} names the group {group!r}, which isn't in these templates")
        return [SecurityGroupRule(ports=ports, group=group)]
    prefix_list = section.get("DestinationPrefixListId")
    if prefix_list is not None:
        if prefix_list not in prefix_lists:
            raise UnsupportedError(
                f"{section.at} names the prefix list {prefix_list!r}, of which reachability doesn't know the service: "
                f"it knows {', '.join(prefix_lists) or 'none'}"
            )
        return [SecurityGroupRule(ports=ports, service=prefix_lists[prefix_list])]
    block = section.block("CidrIp", "CidrIpv6")
    if block is None:
        raise UnresolvedError(f"{section.at} names no peer: neither CidrIp, CidrIpv6 nor {_PEER_GROUP[direction]}")
    return [SecurityGroupRule(ports=ports, family=block.version, peers=addresses(block))]
