"""The make targets pass the user's values to the commands unchanged."""

from __future__ import annotations

from tests.support.makefile import Checkout


def test_the_confirmation_arrives_unchanged_and_none_of_it_is_executed(checkout: Checkout) -> None:
    checkout.assert_unchanged_and_not_executed("destroy", "CONFIRM", "--confirm={}")


def test_the_account_arrives_unchanged_and_none_of_it_is_executed(checkout: Checkout) -> None:
    checkout.assert_unchanged_and_not_executed("doctor", "ACCOUNT", "--account={}")


def test_verify_acts_on_the_environment_that_is_named(checkout: Checkout) -> None:
    (command,) = checkout.make("verify", "ENV=prod", "REGION=eu-central-1")
    assert command == ["python", "-m", "ops.environment", "--env=prod", "--region=eu-central-1", "verify"]
