"""Writes an environment's network as Markdown tables: connections, routes, addresses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checks.reachability.node import INTERNET, Kind
from checks.reachability.ranges import LAST_PORT, Span
from checks.reachability.reachability import Reachability
from checks.reachability.vpc import EGRESS_ONLY, INTERNET_GATEWAY, Route, Subnet, Vpc

NONE = "—"
# Kinds with so many nodes that equal columns are merged.
_MERGED = (Kind.ENDPOINT, Kind.GATEWAY_ENDPOINT)


@dataclass(frozen=True, kw_only=True)
class SubnetRow:
    """One subnet: its tier and zone, its blocks, and descriptions of its routes out of the VPC."""

    tier: str
    zone: str
    ipv4: str
    ipv6: str
    routes: tuple[str, ...]
    acl: str


def subnet_rows(reach: Reachability) -> tuple[SubnetRow, ...]:
    """Every subnet, by tier and zone; the tiers have the order of the templates."""
    tiers = list(dict.fromkeys(subnet.tier for subnet in reach.vpc.subnets.values()))
    ordered = sorted(reach.vpc.subnets.values(), key=lambda subnet: (tiers.index(subnet.tier), subnet.zone))
    return tuple(_row(reach, subnet) for subnet in ordered)


def matrix_table(reach: Reachability) -> str:
    """The ports on which each source (row) can open TCP connections to each target (column)."""
    matrix = reach.matrix()
    columns: dict[tuple[object, ...], list[str]] = {}
    for target in reach.targets:
        cells = tuple(_cell(matrix[source].get(target), source) for source in matrix)
        kind = reach.nodes[target].kind
        columns.setdefault((kind if kind in _MERGED else target, *cells), []).append(target)
    header = ["from \\ to", *(_heading(reach, names) for names in columns.values())]
    rows = [[source, *(str(key[1 + row]) for key in columns)] for row, source in enumerate(matrix)]
    return _table(header, rows)


def routes_table(reach: Reachability) -> str:
    """Each subnet's routes out of the VPC, and its network ACL."""
    rows = [[one.tier, one.zone, "<br>".join(one.routes) or NONE, one.acl] for one in subnet_rows(reach)]
    return _table(["tier", "zone", "routes out of the VPC", "network ACL"], rows)


def addresses_table(reach: Reachability) -> str:
    """Each subnet's blocks. IPv6 blocks are placeholders: AWS assigns all but their last digits."""
    found = subnet_rows(reach)
    dual = any(one.ipv6 for one in found)
    rows = [[one.tier, one.zone, one.ipv4 or NONE, *([one.ipv6 or NONE] if dual else [])] for one in found]
    return _table(["tier", "zone", "IPv4", *(["IPv6"] if dual else [])], rows)


def port_list(spans: Iterable[Span]) -> str:
    """Ports as text: `80, 443`, `1024-65535`, `any`, or a dash for none."""
    return ", ".join(_span(span) for span in spans) or NONE


def _span(span: Span) -> str:
    first, last = span
    if span == (1, LAST_PORT):
        return "any"
    return str(first) if first == last else f"{first}-{last}"


def _cell(spans: tuple[Span, ...] | None, source: str) -> str:
    return "" if spans is None and source == INTERNET.name else port_list(spans or ())


def _heading(reach: Reachability, names: Sequence[str]) -> str:
    """The heading of merged columns: `kms, logs endpoints`, or only the number for all interface endpoints."""
    if len(names) == 1:
        return names[0]
    kind = names[0].rpartition(" ")[2]
    interfaces = [node.name for node in reach.nodes.values() if node.kind is Kind.ENDPOINT]
    if len(names) > 2 and list(names) == interfaces:
        return f"all {len(names)} interface endpoints"
    return ", ".join(name.removesuffix(f" {kind}") for name in names) + f" {kind}s"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[column]) for line in (header, *rows)) for column in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    cells = ([text.ljust(width) for text, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"


def _row(reach: Reachability, subnet: Subnet) -> SubnetRow:
    blocks = {version: [str(one) for one in subnet.blocks if one.version == version] for version in (4, 6)}
    gateways = [
        f"{node.name.removesuffix(' gateway')} -> gateway endpoint"
        for node in reach.nodes.values()
        if node.kind is Kind.GATEWAY_ENDPOINT and subnet.route_table in node.route_tables
    ]
    return SubnetRow(
        tier=subnet.tier,
        zone=subnet.zone,
        ipv4=", ".join(blocks[4]),
        ipv6=", ".join(blocks[6]),
        routes=(*(_route(reach.vpc, route) for route in subnet.routes), *gateways),
        acl=subnet.acl.name,
    )


def _route(vpc: Vpc, route: Route) -> str:
    target = {INTERNET_GATEWAY: "internet gateway", EGRESS_ONLY: "egress-only internet gateway"}.get(route.type)
    if target is None:
        nat = vpc.nat_gateways.get(route.target)
        if nat is None:
            target = "missing NAT gateway"
        else:
            target = f"NAT gateway in {nat.subnet.zone}" if nat.subnet else "regional NAT gateway"
    return f"{route.destination} -> {target}"
