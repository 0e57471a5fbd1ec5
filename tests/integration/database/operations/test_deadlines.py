"""The limits that PostgreSQL sets for the operations function fit the time that it has."""

from __future__ import annotations

import operations.answers
from tests.integration.database.conftest import Shop
from tests.support.contracts.deployed import deployed


def test_an_answer_is_given_in_time_even_if_counting_takes_too_long(shop: Shop) -> None:
    statement = shop.seconds("operations", "statement_timeout")
    assert 0 < operations.answers._COUNT_SECONDS < statement
    assert statement * 2 <= int(deployed("prod").runtime("operations").properties["Timeout"])
