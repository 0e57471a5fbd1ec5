"""The make targets pass the user's values to the commands unchanged."""

from __future__ import annotations

import pytest

from tests.support.makefile import Checkout


@pytest.mark.parametrize(("target", "variable"), [("inspect", "KEY"), ("forget", "EMAIL")])
def test_a_value_arrives_unchanged_and_none_of_it_is_executed(target: str, variable: str, checkout: Checkout) -> None:
    checkout.assert_unchanged_and_not_executed(target, variable, f"--{variable.lower()}={{}}")


def test_reconcile_asks_unless_yes_is_1(checkout: Checkout) -> None:
    assert "--yes" in checkout.make("reconcile", "YES=1")[0]
    assert "--yes" not in checkout.make("reconcile", "YES=0")[0]
