"""docs/architecture.md says what the templates say."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from checks.architecture import drawing, markdown
from checks.reachability import Reachability
from tests.support.synthesis import shipped
from tests.support.web.variants import public

DOCS = Path(__file__).parent.parent.parent / "docs"
ENVIRONMENTS = ("prod", "staging", "dev")  # local is dev
PUBLIC = "prod, if web.exposure were Public(...)"


@pytest.fixture(scope="module")
def reaches() -> dict[str, Reachability]:
    """Each environment that is shown. The one port that the ACLs trade away counts as open for answers."""
    shown = {name: shipped(name) for name in ENVIRONMENTS} | {PUBLIC: public()}
    return {name: Reachability.of(synthesized.templates, traded=[3389]) for name, synthesized in shown.items()}


@pytest.mark.parametrize("name", ["architecture.md", "architecture.svg"])
def test_the_page_is_up_to_date(name: str, reaches: dict[str, Reachability], request: pytest.FixtureRequest) -> None:
    made = markdown(reaches) if name.endswith(".md") else drawing(reaches["prod"])
    if request.config.getoption("--update-snapshots"):
        (DOCS / name).write_text(made)
    assert (DOCS / name).read_text() == made, f"docs/{name} is out of date: make snapshots"


def test_the_drawing_is_well_formed_and_shows_every_subnet(reaches: dict[str, Reachability]) -> None:
    picture = ElementTree.fromstring(drawing(reaches["prod"]))  # noqa: S314 - our own
    texts = [element.text or "" for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert sum("10.0." in text for text in texts) == 9
    assert sum("NAT gateway in" in text for text in texts) == 3
