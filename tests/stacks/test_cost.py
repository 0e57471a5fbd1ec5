"""Every resource of every environment and variant has a price, or is known to be free."""

import pytest

from checks.cost.bill import bill
from checks.cost.load import IDLE
from checks.cost.prices import prices
from tests.support import databases
from tests.support.synthesis import ENVIRONMENTS, Synthesized, shipped, synthesize
from tests.support.variants import unusual, variants

VARIANTS = databases.VARIANTS | variants() | unusual()
PRICES = prices("us-east-1")


def test_everything_has_a_price(every_environment: Synthesized) -> None:
    assert bill(every_environment.linked, PRICES, IDLE).unpriced == ()


@pytest.mark.thorough
@pytest.mark.parametrize("name", VARIANTS)
def test_every_resource_of_a_variant_has_a_price(name: str) -> None:
    assert bill(synthesize(VARIANTS[name]).linked, PRICES, IDLE).unpriced == ()


def test_environments_cost_more_the_more_they_protect() -> None:
    idle = {name: bill(shipped(name).linked, PRICES, IDLE).idle for name in ENVIRONMENTS}
    assert idle["dev"] < idle["staging"] < idle["prod"]
    assert 50 < idle["dev"] < 200, "the README calls dev cheap"
