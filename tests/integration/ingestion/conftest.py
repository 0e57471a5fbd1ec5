"""The ingestion of the local cloud, as the commands find it."""

from __future__ import annotations

import pytest

from local_cloud.cloud import LocalCloud
from ops.ingestion.deployed import DeployedIngestion, find
from tests.support.ops.local import deployed_environment


@pytest.fixture
def ingestion(local_cloud: LocalCloud) -> DeployedIngestion:
    return find(deployed_environment(local_cloud))
