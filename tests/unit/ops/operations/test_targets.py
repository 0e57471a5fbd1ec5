"""The make targets pass the user's values to the commands unchanged."""

from __future__ import annotations

import pytest

from tests.support.makefile import Checkout


@pytest.mark.parametrize(
    ("target", "variable"),
    [("inspect", "KEY"), ("forget", "EMAIL"), ("withdraw", "KEY"), ("withdraw", "VERSION"), ("withdraw", "WHY")],
)
def test_a_value_arrives_unchanged_and_none_of_it_is_executed(target: str, variable: str, checkout: Checkout) -> None:
    checkout.assert_unchanged_and_not_executed(target, variable, f"--{variable.lower()}={{}}")


@pytest.mark.parametrize("target", ["reconcile", "withdraw"])
def test_a_command_asks_unless_yes_is_1(target: str, checkout: Checkout) -> None:
    assert "--yes" in checkout.make(target, "YES=1")[0]
    assert "--yes" not in checkout.make(target, "YES=0")[0]
