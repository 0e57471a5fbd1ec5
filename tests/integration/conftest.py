"""A real PostgreSQL and local clouds for tests. Each has its own folder, never the user's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud import toolchain
from local_cloud.cloud import LocalCloud
from local_cloud.deploy import CdkDeployment
from local_cloud.environment import clean_this_process
from local_cloud.postgres import LocalPostgres
from local_cloud.state import CHECKOUT
from tests.support.sole_run import sole_run
from tests.support.without_stacks import WithoutStacks

# Blanks, quotes and Unicode, because a checkout's path may have them, and state is below the checkout.
STATE = CHECKOUT / ".local" / 'it\'s a "tést"'
TIMEOUT_SECONDS = 900  # the first test that uses the local cloud waits for its deployment

# The SDKs and urllib in this process must reach the local cloud, whatever profile or proxy the user has.
clean_this_process()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test of this folder the time that its fixtures need."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPostgres]:
    """A running server: `postgres.server.url()` is the superuser's; `create_master_user` creates RDS's master user."""
    toolchain.prepare(print)
    with LocalPostgres(tmp_path_factory.mktemp('it\'s a "dätabase"'), venv=toolchain.SERVICES_VENV) as server:
        yield server


@pytest.fixture(scope="session")
def local_cloud() -> Iterator[LocalCloud]:
    """All stacks newly deployed, and the sample files loaded."""
    with sole_run(STATE.with_suffix(".lock")):
        cloud = LocalCloud(STATE, say=print)
        cloud.reset()
        try:
            cloud.up()
            yield cloud
        finally:
            cloud.reset()


@pytest.fixture(scope="session")
def empty_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A bootstrapped account with nothing deployed, for tests that deploy their own stacks."""
    cloud = WithoutStacks(tmp_path_factory.mktemp("empty cloud"), say=print)
    try:
        cloud.up()
        CdkDeployment(cloud.state, cloud.services(), print, list).bootstrap()
        yield cloud
    finally:
        cloud.reset()
