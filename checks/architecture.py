"""Writes docs/architecture.md and its drawing from the synthesized templates, so that they can't lag behind."""

from collections.abc import Mapping
from html import escape
from inspect import getdoc

from checks.reachability import Reachability
from checks.reachability.render import Place, addresses_table, matrix_table, places, routes_table
from config.network import Nat, NatPerZone, NoNat, RegionalNat, SingleNat

NATS: tuple[type[Nat], ...] = (NatPerZone, SingleNat, RegionalNat, NoNat)
TIERS = {
    "Public": "NAT gateways",
    "App": "load balancer, web instances, functions",
    "Data": "database, proxy",
}
COLOURS = {"Public": "#d97706", "App": "#0f766e", "Data": "#4f46e5"}
COLUMN, ROW, LEFT, TOP = 240, 96, 110, 96


def markdown(environments: Mapping[str, Reachability]) -> str:
    """The page: the drawing, ways out, then for each environment who reaches whom, the routes and the addresses."""
    parts = [
        "# Architecture",
        "Made from the synthesized templates by `make snapshots`; a test fails when it is out of date.",
        "![The VPC of prod: tiers across zones, and their ways out](architecture.svg)",
        "## Ways out: `network.nat`",
        "\n".join(f"- **`{nat.__name__}()`** {(getdoc(nat) or '').splitlines()[0]}" for nat in NATS),
        "Prices are AWS's, by the hour and by each gigabyte that passes; a zonal gateway carries its own zone alone.",
        "## What the network ACLs trade away",
        "Every tier denies SSH (22) and RDP (3389) from anywhere. Network ACLs keep no state, so the answer to a "
        "connection that was opened *from* port 3389 is denied with RDP: one connection in some 64,000, which its "
        "client tries again from another port. The tables below take that one port as traded.",
    ]
    for name, reach in environments.items():
        parts += [
            f"## {name}",
            "### Who can open a connection to whom, on which TCP port",
            matrix_table(reach).strip(),
            "### Routes",
            routes_table(reach).strip(),
            "### Addresses",
            "Each tier is one block with eight slots, so that one CIDR names it; a zone added later takes a free slot.",
            addresses_table(reach).strip(),
        ]
    return "\n\n".join(parts) + "\n"


def drawing(reach: Reachability) -> str:
    """The VPC as a picture: a column a zone, a row a tier, and where each row's routes lead."""
    zones = list(dict.fromkeys(place.zone for place in places(reach)))
    width, height = LEFT + COLUMN * len(zones) + 40, TOP + ROW * len(TIERS) + 40
    shapes = [
        _text(width / 2, 30, "Internet", weight="bold"),
        f'<path d="M{width / 2} {TOP - 24} V42" stroke="currentColor" marker-end="url(#tip)"/>',
        f'<rect x="16" y="{TOP - 24}" width="{width - 32}" height="{ROW * len(TIERS) + 40}" rx="10" '
        'fill="none" stroke="currentColor" stroke-dasharray="6 4"/>',
    ]
    shapes += [_text(LEFT + COLUMN * (index + 0.5), TOP - 6, f"zone {zone}") for index, zone in enumerate(zones)]
    for row, (tier, holds) in enumerate(TIERS.items()):
        y = TOP + ROW * row + 8
        shapes.append(_text(30, y + 34, tier, weight="bold", anchor="start"))
        for column, zone in enumerate(zones):
            (place,) = (one for one in places(reach) if (one.tier, one.zone) == (tier, zone))
            shapes += _subnet(LEFT + COLUMN * column, y, COLOURS[tier], holds, place)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12" color="#334155" fill="currentColor">\n'
        "<title>Three tiers of subnets across the zones of the VPC, and their ways out</title>\n"
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="currentColor"/></marker></defs>\n' + "\n".join(shapes) + "\n</svg>\n"
    )


def _subnet(x: float, y: float, colour: str, holds: str, place: Place) -> list[str]:
    ways = (route.rpartition("-> ")[2] for route in place.routes if route.startswith("0.0.0.0/0"))
    return [
        f'<rect x="{x}" y="{y}" width="{COLUMN - 14}" height="{ROW - 16}" rx="6" fill="{colour}" fill-opacity="0.12" '
        f'stroke="{colour}"/>',
        _text(x + 10, y + 22, place.ipv4, weight="bold", anchor="start"),
        _text(x + 10, y + 42, holds, anchor="start", size=10),
        _text(x + 10, y + 62, f"→ {next(ways, 'no way out')}", anchor="start"),
    ]


def _text(x: float, y: float, text: str, *, weight: str = "normal", anchor: str = "middle", size: int = 12) -> str:
    style = f'text-anchor="{anchor}" font-weight="{weight}" font-size="{size}"'
    return f'<text x="{x:g}" y="{y:g}" {style}>{escape(text)}</text>'
