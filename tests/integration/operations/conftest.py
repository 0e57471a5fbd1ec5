"""The operations function of the local cloud, as the commands find it."""

from __future__ import annotations

import pytest

from local_cloud.cloud import LocalCloud
from ops.operations.deployed import DeployedOperations, find
from tests.support.ops.local import deployed_environment


@pytest.fixture
def operations(local_cloud: LocalCloud) -> DeployedOperations:
    return find(deployed_environment(local_cloud))
