"""Writes the network of several environments as a Markdown page, and of one environment as a drawing."""

from collections.abc import Mapping
from html import escape

from checks.reachability.node import Kind
from checks.reachability.reachability import Reachability
from checks.reachability.render import SubnetRow, addresses_table, matrix_table, routes_table, subnet_rows

COLOURS = ("#d97706", "#0f766e", "#4f46e5", "#be185d", "#0369a1", "#4d7c0f")  # of tiers, from the top
COLUMN, ROW, LEFT, TOP = 240, 96, 110, 96
PLURALS = {Kind.FUNCTION: "functions", Kind.ENDPOINT: "endpoints", Kind.NAT: "NAT gateways"}


def markdown(environments: Mapping[str, Reachability], *, introduction: str) -> str:
    """The page: the introduction, then the connections, routes and addresses of each environment."""
    parts = [introduction.strip()]
    for name, reach in environments.items():
        parts += [
            f"## {name}",
            "### TCP ports on which connections are possible",
            matrix_table(reach).strip(),
            "### Routes",
            routes_table(reach).strip(),
            "### Addresses",
            addresses_table(reach).strip(),
        ]
    return "\n\n".join(parts) + "\n"


def drawing(reach: Reachability) -> str:
    """The VPC as SVG: a column for each zone, a row for each tier, with the target of each default route."""
    rows = subnet_rows(reach)
    zones, tiers = (list(dict.fromkeys(values)) for values in ((row.zone for row in rows), (row.tier for row in rows)))
    width, height = LEFT + COLUMN * len(zones) + 40, TOP + ROW * len(tiers) + 40
    shapes = [
        _text(width / 2, 30, "Internet", weight="bold"),
        f'<path d="M{width / 2} {TOP - 24} V42" stroke="currentColor" marker-end="url(#tip)"/>',
        f'<rect x="16" y="{TOP - 24}" width="{width - 32}" height="{ROW * len(tiers) + 40}" rx="10" '
        'fill="none" stroke="currentColor" stroke-dasharray="6 4"/>',
    ]
    shapes += [_text(LEFT + COLUMN * (index + 0.5), TOP - 6, f"zone {zone}") for index, zone in enumerate(zones)]
    for index, tier in enumerate(tiers):
        y = TOP + ROW * index + 8
        shapes.append(_text(30, y + 34, tier, weight="bold", anchor="start"))
        for row in (row for row in rows if row.tier == tier):
            x = LEFT + COLUMN * zones.index(row.zone)
            shapes += _subnet(x, y, COLOURS[index % len(COLOURS)], _nodes_in(reach, tier), row)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12" color="#334155" fill="currentColor">\n'
        "<title>The VPC's tiers of subnets by zone, with their default routes</title>\n"
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="currentColor"/></marker></defs>\n' + "\n".join(shapes) + "\n</svg>\n"
    )


def _nodes_in(reach: Reachability, tier: str) -> str:
    """The kinds of nodes in the tier's subnets."""
    kinds = [node.kind for node in reach.nodes.values() if tier in {subnet.tier for subnet in node.subnets}]
    return ", ".join(PLURALS.get(kind, kind.value) for kind in dict.fromkeys(kinds))


def _subnet(x: float, y: float, colour: str, nodes: str, row: SubnetRow) -> list[str]:
    targets = (route.rpartition("-> ")[2] for route in row.routes if route.startswith("0.0.0.0/0"))
    return [
        f'<rect x="{x}" y="{y}" width="{COLUMN - 14}" height="{ROW - 16}" rx="6" fill="{colour}" fill-opacity="0.12" '
        f'stroke="{colour}"/>',
        _text(x + 10, y + 22, row.ipv4, weight="bold", anchor="start"),
        _text(x + 10, y + 42, nodes, anchor="start", size=10),
        _text(x + 10, y + 62, f"→ {next(targets, 'no default route')}", anchor="start"),
    ]


def _text(x: float, y: float, text: str, *, weight: str = "normal", anchor: str = "middle", size: int = 12) -> str:
    style = f'text-anchor="{anchor}" font-weight="{weight}" font-size="{size}"'
    return f'<text x="{x:g}" y="{y:g}" {style}>{escape(text)}</text>'
