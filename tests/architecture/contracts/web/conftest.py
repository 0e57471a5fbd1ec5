"""Fixtures of the web app's contract tests."""

import pytest

from tests.support.contracts.deployed import CASES, Deployed, deployed
from tests.support.web.contracts import WebApp, web_app


@pytest.fixture(params=[name for name, environment in CASES.items() if environment.web])
def platform(request: pytest.FixtureRequest) -> Deployed:
    """Every environment and variant with a web app in turn."""
    return deployed(request.param)


@pytest.fixture
def web(platform: Deployed) -> WebApp:
    """The app of that platform."""
    return web_app(platform)
