"""The limits that PostgreSQL sets for ingestion fit the time that its code takes."""

from __future__ import annotations

import pytest

from tests.integration.database.conftest import Shop
from tests.support.contracts.handlers import deployed_handler


def test_ingestion_limits_its_statements_itself_and_is_never_idle_for_too_long(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.seconds("ingestion", "statement_timeout") == 0
    aws = deployed_handler("ingestion", monkeypatch)._TIMEOUTS
    longest_call = aws.retries["total_max_attempts"] * (aws.connect_timeout + aws.read_timeout)
    assert longest_call < shop.seconds("ingestion", "idle_in_transaction_session_timeout")
