"""A real PostgreSQL and a whole local cloud for tests, each in a folder of its own: never the user's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_cloud import toolchain
from local_cloud.cloud import LocalCloud
from local_cloud.postgres import PostgresServer
from local_cloud.state import CHECKOUT

STATE = CHECKOUT / ".local" / "test"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A running server: `postgres.server.url()` is its superuser's, `create_master_user` makes RDS's master user."""
    toolchain.prepare(print)
    with PostgresServer(tmp_path_factory.mktemp("postgres"), venv=toolchain.SERVICES_VENV) as server:
        yield server


@pytest.fixture(scope="session")
def local_cloud() -> Iterator[LocalCloud]:
    """Every stack deployed afresh and the sample files loaded."""
    cloud = LocalCloud(STATE, say=print)
    cloud.down()
    try:
        cloud.up()
        yield cloud
    finally:
        cloud.down()
