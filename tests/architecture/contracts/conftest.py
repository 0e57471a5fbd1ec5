"""Fixtures of the contract tests."""

import pytest

from tests.support.contracts.deployed import CASES, Deployed, deployed


@pytest.fixture(params=CASES)
def platform(request: pytest.FixtureRequest) -> Deployed:
    """Every environment and variant in turn."""
    return deployed(request.param)
