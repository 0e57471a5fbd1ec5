"""The make targets pass the user's values to the commands unchanged."""

from __future__ import annotations

import pytest

from tests.support.makefile import Checkout


@pytest.mark.parametrize(("target", "variable"), [("invite", "EMAIL"), ("shell", "INSTANCE")])
def test_a_value_arrives_unchanged_and_none_of_it_is_executed(target: str, variable: str, checkout: Checkout) -> None:
    checkout.assert_unchanged_and_not_executed(target, variable, f"--{variable.lower()}={{}}")


def test_the_port_of_the_tunnel_arrives_unchanged_and_is_not_executed(checkout: Checkout) -> None:
    checkout.assert_unchanged_and_not_executed("tunnel", "WEB_PORT", "--port={}")
