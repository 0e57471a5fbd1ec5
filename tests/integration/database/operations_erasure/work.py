"""Everything that the erasure function does in the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import botocore.session

from common.database import connect
from operations_erasure.erasing import finished_versions, forget
from operations_erasure.requests import FinishedVersions, Forget, Overlapping, Withdraw
from operations_erasure.settings import Settings
from operations_erasure.withdrawing import overlapping, withdraw
from tabular.addresses import address_hash
from tests.integration.database.conftest import BUCKET, DATASETS, Pipeline

CODE = Path("lambda_src/operations_erasure")
# The role has the same rights to all datasets: a declaration decides which of them have an address, or texts.
FOR_ALL_DATASETS = ("DELETE", "SELECT", "UPDATE")


def work(pipeline: Pipeline) -> None:
    """Erase a person who has rows, is mentioned, has a rejected row, and whom a reason names; withdraw a file."""
    settings = Settings.from_env(pipeline.shop.variables("operations_erasure") | {"LANDING_BUCKET": BUCKET})
    with pipeline.shop.connect() as owner:
        owner.execute("UPDATE files SET reason = 'not ada@example.com' WHERE dataset = 'products'")
        owner.execute(
            "UPDATE orders SET notes = 'of ada@example.com', customer_email = 'e@x.de' WHERE order_id = 'A-2'"
        )
        versions = owner.execute("SELECT key, version_id FROM files ORDER BY key").fetchall()
    session = botocore.session.get_session()
    with connect(settings.database, user=settings.database_user, session=session) as connection:
        request = Forget(address_hash=address_hash("ada@example.com"), until=None, dry_run=False)
        erased = forget(connection, DATASETS, request)
        assert erased["rows"]["orders"] == {"deleted": 1, "masked": 1}
        assert (erased["rejects"], erased["reasons"]) == (1, 1)
        forget(connection, DATASETS, request)
        found = finished_versions(connection, BUCKET, FinishedVersions(versions=tuple(versions)))["versions"]
        assert sorted(found) == sorted(map(list, versions))
        withdrawal = Withdraw(key="incoming/orders/a.csv", version_id=None, who="arn:ada", why="wrong", dry_run=True)
        version_id = withdraw(connection, DATASETS, BUCKET, withdrawal)["version_id"]
        for wanted in (None, version_id):
            again = replace(withdrawal, dry_run=False, version_id=wanted)
            assert withdraw(connection, DATASETS, BUCKET, again)["withdrawn"]["by"] == "arn:ada"
        overlapping(connection, BUCKET, Overlapping(key=withdrawal.key, version_id=version_id, after=0, limit=1))
