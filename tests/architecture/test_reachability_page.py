"""docs/reachability.md and its drawing show the network of the templates."""

from inspect import getdoc
from pathlib import Path
from xml.etree import ElementTree

import pytest

from checks.reachability import Reachability
from checks.reachability.page import drawing, markdown
from config.network import Nat, NatPerZone, NoNat, RegionalNat, SingleNat
from tests.support.network_reach import RDP, reachability_of
from tests.support.synthesis import shipped, synthesize
from tests.support.variants import variants

DOCS = Path(__file__).parent.parent.parent / "docs"
ENVIRONMENTS = ("prod", "staging", "dev")  # local has the network of dev
NATS: tuple[type[Nat], ...] = (NatPerZone, SingleNat, RegionalNat, NoNat)
NAT_LIST = "\n".join(f"- **`{nat.__name__}()`** {(getdoc(nat) or '').splitlines()[0]}" for nat in NATS)
INTRODUCTION = f"""
# Reachability

Which connections the network allows, computed from the templates. `make snapshots` writes this page; a test fails if it
is out of date. Variants of environments (`tests/support/*/variants.py`) show what the shipped ones don't use.

![The subnets of prod by tier and zone, with their default routes](reachability.svg)

## Internet access: `network.nat`

{NAT_LIST}

AWS bills each NAT gateway by the hour and by the gigabyte.

## Client ports that the network ACLs deny

Every tier denies SSH (22) and RDP (3389) from every address. Network ACLs are stateless, so they also deny replies to a
client that uses port {RDP}: about one connection in 64,000, which the client retries from another port. The tables
ignore this port.

## Address plan

Each tier is one block with room for eight subnets, so that one CIDR block describes it. A zone that is added later gets
the next free subnet.
"""


@pytest.fixture(scope="module")
def reaches() -> dict[str, Reachability]:
    """The network of each environment on the page."""
    shown = {name: shipped(name) for name in ENVIRONMENTS}
    shown |= {name: synthesize(variant, validate=True) for name, variant in variants().items()}
    return {name: reachability_of(synthesized) for name, synthesized in shown.items()}


@pytest.mark.parametrize("name", ["reachability.md", "reachability.svg"])
def test_the_page_is_up_to_date(name: str, reaches: dict[str, Reachability], request: pytest.FixtureRequest) -> None:
    made = markdown(reaches, introduction=INTRODUCTION) if name.endswith(".md") else drawing(reaches["prod"])
    if request.config.getoption("--update-snapshots"):
        (DOCS / name).write_text(made)
    assert (DOCS / name).read_text() == made, f"docs/{name} is out of date: make snapshots"


def test_the_page_shows_every_node_and_every_subnet(reaches: dict[str, Reachability]) -> None:
    page = markdown({"prod": reaches["prod"]}, introduction="")
    for name in reaches["prod"].sources:
        assert f"\n| {name} " in page
    for subnet in reaches["prod"].vpc.subnets.values():
        assert all(str(block) in page for block in subnet.blocks)


def test_the_drawing_is_well_formed_and_shows_every_subnet(reaches: dict[str, Reachability]) -> None:
    picture = ElementTree.fromstring(drawing(reaches["prod"]))  # noqa: S314 - our own
    texts = [element.text or "" for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert sum("10.0." in text for text in texts) == 9
    assert sum("no default route" in text for text in texts) == 6
