"""Temporary copies of an environment."""

from dataclasses import replace

import pytest

from config.bootstrap import SharedBootstrap
from config.capability import Capability
from config.checks import ConfigError
from config.environments import DEV, PROD, choose, named
from config.model import Environment, Removal
from config.temporary import copy_of, is_temporary
from tests.support.variants import unusual, variants


@pytest.mark.parametrize("name", ["pr-1", "pr-123456"])
def test_a_number_names_a_copy_of_dev(name: str) -> None:
    environment = choose(name, region="eu-central-1")
    assert environment == replace(copy_of(DEV, name), region="eu-central-1")
    assert environment.network == DEV.network


@pytest.mark.parametrize("name", ["pr", "pr-", "pr-0", "pr-01", "pr-x", "pr-1-2", "PR-1", "pr-1\n", "pr-1\u0661"])
def test_everything_else_is_no_environment(name: str) -> None:
    assert not is_temporary(name)
    with pytest.raises(ConfigError, match="env must be one of local, dev, staging, prod, got"):
        named(name)


def test_a_number_that_makes_a_name_too_long_is_refused() -> None:
    with pytest.raises(ConfigError, match="name must be 1 to 20 lower-case letters"):
        named("pr-123456789012345678")


def test_a_copy_is_deployed_with_the_bootstrap_that_all_share() -> None:
    """Nobody prepares the account for each pull request."""
    assert copy_of(PROD, "pr-1").bootstrap == SharedBootstrap()


def test_make_destroy_leaves_nothing_of_a_copy() -> None:
    """Whatever the original keeps and protects."""
    copy = copy_of(PROD, "pr-1")
    assert copy.removal is Removal.DESTROY
    assert not copy.termination_protection
    assert (copy.database.deletion_protection, copy.database.on_removal) == (False, "destroy")


@pytest.mark.parametrize("environment", [PROD, *variants().values(), *unusual().values()], ids=lambda each: each.name)
def test_every_environment_can_be_copied(environment: Environment) -> None:
    for capability in copy_of(environment, "pr-1").capabilities:
        assert isinstance(capability, Capability)
        assert not getattr(capability, "deletion_protection", False)


def test_no_lasting_environment_has_the_name_of_a_temporary_one() -> None:
    """It would be deleted with them."""
    with pytest.raises(ConfigError, match="name must be pr-<number> if it starts with pr-, got 'pr-demo'"):
        replace(DEV, name="pr-demo")
