"""Everything that housekeeping does in the database."""

from __future__ import annotations

from pathlib import Path

import botocore.session

from common.database import connect
from housekeeping.rejects import delete_old
from housekeeping.settings import Settings
from tests.integration.database.conftest import Pipeline

CODE = Path("lambda_src/housekeeping")


def work(pipeline: Pipeline) -> None:
    """Delete the rejected rows of an old file."""
    settings = Settings.from_env(pipeline.shop.variables("housekeeping") | {"REJECT_DAYS": "1"})
    session = botocore.session.get_session()
    with connect(settings.database, user=settings.database_user, session=session) as connection:
        assert delete_old(connection, days=1, of_dataset={}, time_is_left=lambda: True).deleted == 1
