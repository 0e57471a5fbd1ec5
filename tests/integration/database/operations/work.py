"""Everything that the operations function does in the database."""

from __future__ import annotations

from pathlib import Path

import botocore.session

from common.database import ReusableConnection
from operations import answers
from operations.requests import Inspect, KnownVersions
from operations.settings import Settings
from tests.integration.database.conftest import BUCKET, DATASETS, Pipeline

CODE = Path("lambda_src/operations")


def work(pipeline: Pipeline) -> None:
    """Answer both requests, on a connection that is reused."""
    settings = Settings.from_env(pipeline.shop.variables("operations") | {"LANDING_BUCKET": BUCKET})
    session = botocore.session.get_session()
    reusable = ReusableConnection(settings.database, user=settings.database_user, session=session)
    reusable.get()
    with reusable.get() as connection:
        for name in DATASETS:
            found = answers.inspect(connection, BUCKET, Inspect(key=f"incoming/{name}/a.csv"))
            assert found["versions"][0]["rows_stored"]
        assert answers.inspect(connection, BUCKET, Inspect(key="incoming/orders/a.csv"))["versions"][0]["rejects"]
        assert answers.known_versions(connection, BUCKET, KnownVersions(after=None, limit=10))["versions"]
