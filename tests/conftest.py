"""What all tests share."""

import pytest

from tests.synthesis import ENVIRONMENTS, Synthesized, public, shipped


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make snapshots` and `make mark-released` ask for them."""
    parser.addoption("--update-snapshots", action="store_true", help="write the templates' snapshots anew")
    parser.addoption("--mark-released", action="store_true", help="keep today's templates as those last released")


@pytest.fixture(params=sorted(ENVIRONMENTS))
def every_environment(request: pytest.FixtureRequest) -> Synthesized:
    """Each shipped environment in turn."""
    return shipped(request.param)


@pytest.fixture
def prod() -> Synthesized:
    """The environment that has everything switched on."""
    return shipped("prod")


@pytest.fixture
def public_prod() -> Synthesized:
    """Prod with its load balancer on the internet."""
    return public()
