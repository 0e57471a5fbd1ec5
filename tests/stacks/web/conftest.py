"""Fixtures of the Web stack's tests."""

import pytest

from tests.support.synthesis import Synthesized
from tests.support.web.variants import public


@pytest.fixture
def public_prod() -> Synthesized:
    """Prod with its load balancer on the internet."""
    return public()
