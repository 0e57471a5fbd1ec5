"""The paths that a connection can take: from subnet to subnet, through gateways, and through which network ACLs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from checks.reachability.node import Kind, Node
from checks.reachability.ranges import NOTHING, Family, Ranges, addresses
from checks.reachability.vpc import EGRESS_ONLY, INTERNET_GATEWAY, NatGateway, Route, Subnet, Vpc

Side = Literal["source", "target"]


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Packets enter or leave a subnet, and its network ACL sees the addresses of the `beyond` side.

    `reply` if they go back to the client; `translated` if that client is a NAT gateway, which has ports of its own.
    """

    subnet: Subnet
    egress: bool
    beyond: Side
    reply: bool = False
    translated: bool = False


@dataclass(frozen=True, kw_only=True)
class Path:
    """One path between two sets of addresses. If it is blocked, `obstacle` says why."""

    start: str
    end: str
    family: Family
    sources: Ranges
    targets: Ranges
    crossings: tuple[Crossing, ...] = ()
    obstacle: str = ""


def paths(vpc: Vpc, source: Node, target: Node, family: Family) -> Iterator[Path]:
    """Every path from `source` to `target` in one IP version, including blocked ones.

    Together they cover all addresses of both: what is true of all paths is true of every pair of addresses.
    """
    if source.kind is Kind.INTERNET:
        for subnet in target.subnets:
            yield from _from_internet(vpc, target, subnet, family)
    elif target.kind is Kind.INTERNET:
        for subnet in source.subnets:
            yield from _to_internet(vpc, source, subnet, family)
        if source.kind is Kind.NAT:
            yield from _from_regional_nat(vpc, family)
    elif target.kind is Kind.GATEWAY_ENDPOINT:
        for subnet in source.subnets:
            yield _to_gateway_endpoint(vpc, source, target, subnet, family)
    else:
        for start in source.subnets:
            for end in target.subnets:
                yield _inside(source, target, start, end, family)


def _inside(source: Node, target: Node, start: Subnet, end: Subnet, family: Family) -> Path:
    """Within the VPC, which has a local route between all subnets (Amazon VPC User Guide, "Route table concepts")."""
    ends = ((source, start), (target, end))
    lacking = [(node, subnet) for node, subnet in ends if not node.has_address(family, subnet)]
    crossings: tuple[Crossing, ...] = ()
    if start.reference != end.reference:
        leave, come_back = _crossings(start, beyond="target")
        crossings = (leave, *_crossings(end, beyond="source"), come_back)
    return Path(
        start=start.name,
        end=end.name,
        family=family,
        sources=start.addresses(family),
        targets=end.addresses(family),
        crossings=crossings,
        obstacle=_no_address(*lacking[0], family) if lacking else "",
    )


def _crossings(subnet: Subnet, *, beyond: Side) -> tuple[Crossing, Crossing]:
    """The way of the packets between the subnet and the other side, and the way of their replies."""
    egress = beyond == "target"
    return (
        Crossing(subnet=subnet, egress=egress, beyond=beyond),
        Crossing(subnet=subnet, egress=not egress, beyond=beyond, reply=True),
    )


def _no_address(node: Node, subnet: Subnet, family: Family) -> str:
    return f"{node.name} has no IPv{family} address in {subnet.name}"


def _shares(subnet: Subnet, beyond: Ranges, family: Family) -> Iterator[tuple[Route | None, Ranges]]:
    """The part of the addresses to which each route leads, the most specific first; None for the unroutable rest."""
    left = beyond
    for route in subnet.routes:
        if route.destination.version == family:
            block = addresses(route.destination)
            if left & block:
                yield route, left & block
            left -= block
    if left:
        yield None, left


def _from_internet(vpc: Vpc, target: Node, subnet: Subnet, family: Family) -> Iterator[Path]:
    whole = Path(
        start="the internet",
        end=subnet.name,
        family=family,
        sources=vpc.internet[family],
        targets=subnet.addresses(family),
        crossings=_crossings(subnet, beyond="source"),
    )
    if not target.has_address(family, subnet):
        yield replace(whole, obstacle=_no_address(target, subnet, family))
        return
    if not target.is_public(family, subnet):
        yield replace(whole, obstacle=f"{target.name} has no public IPv{family} address in {subnet.name}")
        return
    for route, share in _shares(subnet, vpc.internet[family], family):
        attached = route is not None and route.target in vpc.internet_gateways
        obstacle = "" if attached else f"{subnet.name} has no IPv{family} route to an internet gateway"
        yield replace(whole, sources=share, obstacle=obstacle)


def _to_internet(vpc: Vpc, source: Node, subnet: Subnet, family: Family) -> Iterator[Path]:
    whole = Path(
        start=subnet.name,
        end="the internet",
        family=family,
        sources=subnet.addresses(family),
        targets=vpc.internet[family],
        crossings=_crossings(subnet, beyond="target"),
    )
    if not source.has_address(family, subnet):
        yield replace(whole, obstacle=_no_address(source, subnet, family))
        return
    for route, share in _shares(subnet, vpc.internet[family], family):
        part = replace(whole, targets=share)
        if route is None:
            yield replace(part, obstacle=f"{subnet.name} has no IPv{family} route to the internet")
        elif route.type == INTERNET_GATEWAY:
            yield replace(part, obstacle=_at_internet_gateway(vpc, source, subnet, route, family))
        elif route.type == EGRESS_ONLY:
            yield replace(part, obstacle="an egress-only internet gateway carries IPv6 only" if family == 4 else "")
        else:
            yield from _through_nat(vpc, part, subnet, route)


def _at_internet_gateway(vpc: Vpc, source: Node, subnet: Subnet, route: Route, family: Family) -> str:
    if route.target not in vpc.internet_gateways:
        return f"{subnet.name} has a route to {route.target}, which isn't attached to the VPC"
    if not source.is_public(family, subnet):
        return f"{source.name} has no public IPv{family} address in {subnet.name}, which the internet gateway needs"
    return ""


def _through_nat(vpc: Vpc, path: Path, subnet: Subnet, route: Route) -> Iterator[Path]:
    """Through a NAT gateway: packets enter and leave its subnet in each direction (VPC User Guide, "NAT gateways")."""
    nat = vpc.nat_gateways.get(route.target)
    problem = _nat_problem(path, subnet, route, nat)
    if problem or nat is None:
        yield replace(path, obstacle=problem)
        return
    if nat.subnet is None:
        yield replace(path, obstacle=_no_gateway(vpc))
        return
    crossings = path.crossings
    if nat.subnet.reference != subnet.reference:
        leave, come_back = path.crossings
        enter, reply = _crossings(nat.subnet, beyond="source")
        go_on, reply_to_nat = _crossings(nat.subnet, beyond="target")
        crossings = (leave, enter, go_on, replace(reply_to_nat, translated=True), reply, come_back)
    for onward, share in _shares(nat.subnet, path.targets, path.family):
        attached = onward is not None and onward.target in vpc.internet_gateways
        obstacle = "" if attached else f"{nat.subnet.name}, the subnet of the NAT gateway, has no route to the internet"
        yield replace(path, targets=share, crossings=crossings, obstacle=obstacle)


def _nat_problem(path: Path, subnet: Subnet, route: Route, nat: NatGateway | None) -> str:
    if nat is None:
        return f"{subnet.name} has a route to the NAT gateway {route.target}, which doesn't exist"
    if not nat.public:
        return f"{subnet.name} has a route to the NAT gateway {route.target}, which is private"
    if path.family == 6:
        return f"{subnet.name} has an IPv6 route to a NAT gateway, which carries IPv4 only"
    return ""


def _no_gateway(vpc: Vpc) -> str:
    return "" if vpc.internet_gateways else "the regional NAT gateway needs an internet gateway, and none is attached"


def _from_regional_nat(vpc: Vpc, family: Family) -> Iterator[Path]:
    """A regional NAT gateway has its own routes to the VPC's internet gateway, and no network ACL."""
    for nat in vpc.nat_gateways.values():
        if nat.subnet is None and nat.public:
            yield Path(
                start="the regional NAT gateway",
                end="the internet",
                family=family,
                sources=vpc.internet[family],
                targets=vpc.internet[family],
                obstacle="a NAT gateway carries IPv4 only" if family == 6 else _no_gateway(vpc),
            )


def _to_gateway_endpoint(vpc: Vpc, source: Node, target: Node, subnet: Subnet, family: Family) -> Path:
    """To a service's public addresses, by the route that AWS adds to the endpoint's route tables."""
    obstacle = ""
    if family == 6 or not source.has_address(family, subnet):
        obstacle = f"gateway endpoints are reached by IPv4 only, also from {subnet.name}"
    elif subnet.route_table not in target.route_tables:
        obstacle = f"the route table of {subnet.name} doesn't lead to the {target.name}"
    return Path(
        start=subnet.name,
        end=target.name,
        family=family,
        sources=subnet.addresses(family),
        # Only AWS knows which of the public addresses are the service's.
        targets=vpc.internet[family] if family == 4 else NOTHING,
        crossings=_crossings(subnet, beyond="target"),
        obstacle=obstacle,
    )
