"""The limits that PostgreSQL sets for housekeeping fit the time that its function has."""

from __future__ import annotations

import pytest

from tests.integration.database.conftest import Shop
from tests.support.contracts.deployed import deployed
from tests.support.contracts.handlers import deployed_handler


def test_the_last_batch_of_a_run_has_time_to_finish(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = deployed_handler("housekeeping", monkeypatch)._RESERVE_SECONDS
    timeout = int(deployed("prod").runtime("housekeeping").properties["Timeout"])
    assert 0 < shop.seconds("housekeeping", "lock_timeout") < shop.seconds("housekeeping", "statement_timeout")
    assert shop.seconds("housekeeping", "statement_timeout") < reserve < timeout / 2
