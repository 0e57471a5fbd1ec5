"""Network ACLs: the numbered, stateless rules of a subnet.

Amazon VPC User Guide, "Control subnet traffic with network access control lists": rules apply in the order of their
numbers, the first match decides, and traffic that no rule matches is denied. Replies need rules of their own. Traffic
inside a subnet passes no ACL.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from checks.reachability.ranges import ALL_PORTS, EVERYWHERE, NOTHING, Family, Ranges, addresses, ranges
from checks.reachability.resolve import ResolvedResource, Resolver, Section, UnresolvedError
from checks.reachability.unsupported import UnsupportedError
from checks.templates import Reference, without_hash

ALL_PROTOCOLS = "-1"
TCP = ("6", "tcp")


@dataclass(frozen=True, kw_only=True)
class AclEntry:
    """One numbered rule for TCP in one direction; `peers` are addresses outside the subnet."""

    number: int
    egress: bool
    allow: bool
    ports: Ranges
    family: Family
    peers: Ranges


@dataclass(frozen=True, kw_only=True)
class Acl:
    """The rules of one network ACL, sorted by number."""

    name: str
    entries: tuple[AclEntry, ...]

    def allowed(self, peers: Ranges, ports: Ranges, *, family: Family, egress: bool, every_port: bool) -> Ranges:
        """The `peers` with which the subnet may exchange packets in this direction and to these ports.

        With `every_port`, all of the ports must be allowed; else any of them.
        """
        entries = [entry for entry in self.entries if entry.egress == egress and entry.family == family]
        by_port = [_first_match(entries, peers, port) for port in _representatives(ports, entries)]
        return reduce(and_ if every_port else or_, by_port)


def _representatives(ports: Ranges, entries: list[AclEntry]) -> list[int]:
    """One port of each range within which no rule distinguishes ports."""
    edges = {edge for entry in entries for start, end in entry.ports.spans for edge in (start, end + 1)}
    return sorted({first for first, _ in ports.spans} | {edge for edge in edges if edge in ports})


def _first_match(entries: list[AclEntry], peers: Ranges, port: int) -> Ranges:
    allowed, undecided = NOTHING, peers
    for entry in entries:
        if port in entry.ports:
            if entry.allow:
                allowed |= undecided & entry.peers
            undecided -= entry.peers
    return allowed


def _default_entries() -> list[AclEntry]:
    """The rules of a VPC's default network ACL, as AWS creates it: they allow everything."""
    numbers: dict[Family, int] = {4: 100, 6: 101}
    return [
        AclEntry(number=number, egress=egress, allow=True, ports=ALL_PORTS, family=family, peers=EVERYWHERE[family])
        for family, number in numbers.items()
        for egress in (False, True)
    ]


def default_acl() -> Acl:
    """The ACL of a subnet that has none in the templates, unless a template changes the default one."""
    return Acl(name="default", entries=tuple(_default_entries()))


def read_acls(resolver: Resolver) -> dict[Reference, Acl]:
    """Every network ACL in the templates, and the VPC's default ACL if they add rules to it."""
    entries: dict[Reference, list[AclEntry]] = defaultdict(list)
    for acl in resolver.resources("AWS::EC2::NetworkAcl"):
        entries[acl.reference] = []
    for resource in resolver.resources("AWS::EC2::NetworkAclEntry"):
        owner = resource.require("NetworkAclId")
        if not isinstance(owner, Reference):
            raise UnresolvedError(f"{resource.at}.NetworkAclId must refer to an ACL in these templates, got {owner}")
        if owner.attribute == "DefaultNetworkAcl" and owner not in entries:
            entries[owner] = _default_entries()
        entries[owner] += _entry(resource)
    return {owner: _acl(owner, found) for owner, found in entries.items()}


def _acl(owner: Reference, entries: list[AclEntry]) -> Acl:
    numbers = [(entry.egress, entry.number) for entry in entries]
    duplicates = sorted({number for egress, number in numbers if numbers.count((egress, number)) > 1})
    if duplicates:
        raise UnsupportedError(
            f"{owner} has several rules with the number {duplicates[0]} in one direction: AWS refuses that"
        )
    return Acl(
        name="default" if owner.attribute else without_hash(owner.resource_id.logical_id),
        entries=tuple(sorted(entries, key=lambda entry: entry.number)),
    )


def _entry(resource: ResolvedResource) -> list[AclEntry]:
    ports = tcp_ports(resource.require("Protocol"), resource.section("PortRange"), "From", "To")
    if not ports:
        return []
    block = resource.block("CidrBlock", "Ipv6CidrBlock")
    if block is None:
        raise UnresolvedError(f"{resource.at} has neither CidrBlock nor Ipv6CidrBlock")
    action = str(resource.require("RuleAction")).lower()
    if action not in ("allow", "deny"):
        raise UnresolvedError(f"{resource.at}.RuleAction must be allow or deny, got {action}")
    return [
        AclEntry(
            number=int(resource.require("RuleNumber")),
            egress=resource.flag("Egress"),
            allow=action == "allow",
            ports=ports,
            family=block.version,
            peers=addresses(block),
        )
    ]


def tcp_ports(protocol: object, section: Section, first: str, last: str) -> Ranges:
    """The TCP ports to which a rule applies: none if it is for another protocol, else from `first` to `last`."""
    name = str(protocol).lower()
    if name not in (ALL_PROTOCOLS, *TCP):
        return NOTHING
    if name == ALL_PROTOCOLS or int(section.require(first)) == -1:
        return ALL_PORTS
    return ranges((int(section.require(first)), int(section.require(last))))
