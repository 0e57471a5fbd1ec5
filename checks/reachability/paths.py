"""The ways a connection can take: from which subnet to which, through which gateway, and whose borders it crosses."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from checks.reachability.network import EGRESS_ONLY, INTERNET_GATEWAY, NatGateway, Network, Route, Subnet
from checks.reachability.node import Kind, Node
from checks.reachability.ranges import NOTHING, Family, Ranges, addresses

Side = Literal["source", "target"]


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """A subnet's border that packets pass, where its network ACL sees the addresses of the `beyond` side.

    `reply` where they go back to the client. `translated` where that client is a NAT gateway, with ports of its own.
    """

    subnet: Subnet
    egress: bool
    beyond: Side
    reply: bool = False
    translated: bool = False


@dataclass(frozen=True, kw_only=True)
class Path:
    """One way between two sets of addresses. `obstacle` says why it leads nowhere, if it doesn't."""

    start: str
    end: str
    family: Family
    sources: Ranges
    targets: Ranges
    crossings: tuple[Crossing, ...] = ()
    obstacle: str = ""


def paths(network: Network, source: Node, target: Node, family: Family) -> Iterator[Path]:
    """Every way from `source` to `target` in one IP version, those included that lead nowhere.

    Together they cover every address of both: what holds for all paths holds for every pair of addresses.
    """
    if source.kind is Kind.INTERNET:
        for subnet in target.subnets:
            yield from _from_internet(network, target, subnet, family)
    elif target.kind is Kind.INTERNET:
        for subnet in source.subnets:
            yield from _to_internet(network, source, subnet, family)
        if source.kind is Kind.NAT:
            yield from _from_regional_nat(network, family)
    elif target.kind is Kind.GATEWAY_ENDPOINT:
        for subnet in source.subnets:
            yield _to_gateway_endpoint(network, source, target, subnet, family)
    else:
        for start in source.subnets:
            for end in target.subnets:
                yield _inside(source, target, start, end, family)


def _inside(source: Node, target: Node, start: Subnet, end: Subnet, family: Family) -> Path:
    """Within the VPC, where AWS keeps a route between all subnets (Amazon VPC User Guide, "Route table concepts")."""
    silent = [(node, subnet) for node, subnet in ((source, start), (target, end)) if not node.speaks(family, subnet)]
    crossings: tuple[Crossing, ...] = ()
    if start.reference != end.reference:
        crossings = (
            Crossing(subnet=start, egress=True, beyond="target"),
            Crossing(subnet=end, egress=False, beyond="source"),
            Crossing(subnet=end, egress=True, beyond="source", reply=True),
            Crossing(subnet=start, egress=False, beyond="target", reply=True),
        )
    return Path(
        start=start.name,
        end=end.name,
        family=family,
        sources=start.addresses(family),
        targets=end.addresses(family),
        crossings=crossings,
        obstacle=_no_address(*silent[0], family) if silent else "",
    )


def _no_address(node: Node, subnet: Subnet, family: Family) -> str:
    return f"{node.name} has no IPv{family} address in {subnet.name}"


def _shares(subnet: Subnet, beyond: Ranges, family: Family) -> Iterator[tuple[Route | None, Ranges]]:
    """Which part of the addresses each route leads to, the most specific first; None for what none leads to."""
    left = beyond
    for route in subnet.routes:
        if route.destination.version == family:
            block = addresses(route.destination)
            if left & block:
                yield route, left & block
            left -= block
    if left:
        yield None, left


def _from_internet(network: Network, target: Node, subnet: Subnet, family: Family) -> Iterator[Path]:
    whole = Path(
        start="the internet",
        end=subnet.name,
        family=family,
        sources=network.internet[family],
        targets=subnet.addresses(family),
        crossings=(
            Crossing(subnet=subnet, egress=False, beyond="source"),
            Crossing(subnet=subnet, egress=True, beyond="source", reply=True),
        ),
    )
    if not target.speaks(family, subnet):
        yield replace(whole, obstacle=_no_address(target, subnet, family))
        return
    if not target.is_public(family, subnet):
        yield replace(whole, obstacle=f"{target.name} has no public IPv{family} address in {subnet.name}")
        return
    for route, share in _shares(subnet, network.internet[family], family):
        attached = route is not None and route.target in network.internet_gateways
        obstacle = "" if attached else f"{subnet.name} has no IPv{family} route to an internet gateway"
        yield replace(whole, sources=share, obstacle=obstacle)


def _to_internet(network: Network, source: Node, subnet: Subnet, family: Family) -> Iterator[Path]:
    direct = (
        Crossing(subnet=subnet, egress=True, beyond="target"),
        Crossing(subnet=subnet, egress=False, beyond="target", reply=True),
    )
    whole = Path(
        start=subnet.name,
        end="the internet",
        family=family,
        sources=subnet.addresses(family),
        targets=network.internet[family],
        crossings=direct,
    )
    if not source.speaks(family, subnet):
        yield replace(whole, obstacle=_no_address(source, subnet, family))
        return
    for route, share in _shares(subnet, network.internet[family], family):
        part = replace(whole, targets=share)
        if route is None:
            yield replace(part, obstacle=f"{subnet.name} has no IPv{family} route to the internet")
        elif route.type == INTERNET_GATEWAY:
            yield replace(part, obstacle=_at_internet_gateway(network, source, subnet, route, family))
        elif route.type == EGRESS_ONLY:
            yield replace(part, obstacle="an egress-only internet gateway carries IPv6 only" if family == 4 else "")
        else:
            yield from _through_nat(network, part, subnet, route)


def _at_internet_gateway(network: Network, source: Node, subnet: Subnet, route: Route, family: Family) -> str:
    if route.target not in network.internet_gateways:
        return f"{subnet.name} has a route to {route.target}, which isn't attached to the VPC"
    if not source.is_public(family, subnet):
        return f"{source.name} has no public IPv{family} address in {subnet.name}, which the internet gateway needs"
    return ""


def _through_nat(network: Network, path: Path, subnet: Subnet, route: Route) -> Iterator[Path]:
    """Through a NAT gateway, whose own subnet's border packets pass twice each way (VPC User Guide, "NAT gateways")."""
    nat = network.nat_gateways.get(route.target)
    problem = _nat_problem(path, subnet, route, nat)
    if problem or nat is None:
        yield replace(path, obstacle=problem)
        return
    if nat.subnet is None:
        yield replace(path, obstacle=_no_gateway(network))
        return
    crossings = path.crossings
    if nat.subnet.reference != subnet.reference:
        leave, come_back = path.crossings
        crossings = (
            leave,
            Crossing(subnet=nat.subnet, egress=False, beyond="source"),
            Crossing(subnet=nat.subnet, egress=True, beyond="target"),
            Crossing(subnet=nat.subnet, egress=False, beyond="target", reply=True, translated=True),
            Crossing(subnet=nat.subnet, egress=True, beyond="source", reply=True),
            come_back,
        )
    for onward, share in _shares(nat.subnet, path.targets, path.family):
        attached = onward is not None and onward.target in network.internet_gateways
        obstacle = "" if attached else f"{nat.subnet.name}, where the NAT gateway stands, has no route to the internet"
        yield replace(path, targets=share, crossings=crossings, obstacle=obstacle)


def _nat_problem(path: Path, subnet: Subnet, route: Route, nat: NatGateway | None) -> str:
    if nat is None:
        return f"{subnet.name} has a route to the NAT gateway {route.target}, which is lost"
    if not nat.public:
        return f"{subnet.name} has a route to the NAT gateway {route.target}, which is private"
    if path.family == 6:
        return f"{subnet.name} has an IPv6 route to a NAT gateway, which carries IPv4 only"
    return ""


def _no_gateway(network: Network) -> str:
    return "" if network.internet_gateways else "the regional NAT gateway finds no internet gateway attached to the VPC"


def _from_regional_nat(network: Network, family: Family) -> Iterator[Path]:
    """A regional NAT gateway has routes of its own to the VPC's internet gateway, and stands behind no network ACL."""
    for nat in network.nat_gateways.values():
        if nat.subnet is None and nat.public:
            yield Path(
                start="the regional NAT gateway",
                end="the internet",
                family=family,
                sources=network.internet[family],
                targets=network.internet[family],
                obstacle="a NAT gateway carries IPv4 only" if family == 6 else _no_gateway(network),
            )


def _to_gateway_endpoint(network: Network, source: Node, target: Node, subnet: Subnet, family: Family) -> Path:
    """To a service's public addresses by a route that AWS adds to the endpoint's tables ("Gateway endpoints")."""
    obstacle = ""
    if family == 6 or not source.speaks(family, subnet):
        obstacle = f"{source.name} reaches gateway endpoints by IPv4 only, from {subnet.name} too"
    elif subnet.route_table not in target.route_tables:
        obstacle = f"the route table of {subnet.name} doesn't lead to the {target.name}"
    return Path(
        start=subnet.name,
        end=target.name,
        family=family,
        sources=subnet.addresses(family),
        # Which of the public addresses the service has, only AWS knows.
        targets=network.internet[family] if family == 4 else NOTHING,
        crossings=(
            Crossing(subnet=subnet, egress=True, beyond="target"),
            Crossing(subnet=subnet, egress=False, beyond="target", reply=True),
        ),
        obstacle=obstacle,
    )
