"""Values of the roles for GitHub that would trust somebody else, or nobody."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from config.checks import ConfigError
from config.delivery import DeliveryConfig, NewProvider, PullRequests
from config.environments import DEV, ENVIRONMENTS, PROD


def _delivery(**changes: Any) -> DeliveryConfig:
    values: dict[str, Any] = {"repository": "acme/platform", "provider": NewProvider(), "github_environment": "prod"}
    return DeliveryConfig(**values | changes)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a pattern": (lambda: _delivery(repository="acme/*"), "delivery.repository must be 'owner@1234/name@5678' with"),
    "an address": (lambda: _delivery(repository="https://github.com/acme/platform"), "delivery.repository must be "),
    "one number of two": (lambda: _delivery(repository="acme@1/platform"), "delivery.repository must be "),
    "the other number": (lambda: _delivery(repository="acme/platform@1"), "delivery.repository must be "),
    "another field of the subject": (
        lambda: _delivery(github_environment="prod:ref"),
        "delivery.github_environment must be letters, digits, '.', '_' and '-', got 'prod:ref'",
    ),
    "any environment": (lambda: _delivery(github_environment="*"), "delivery.github_environment must be letters"),
    "one environment for two roles": (
        lambda: _delivery(pull_requests=PullRequests(github_environment="prod-verify")),
        "delivery.pull_requests.github_environment must be other than prod and prod-verify, got 'prod-verify'",
    ),
    "no lifetime": (lambda: PullRequests(days=0), "delivery.pull_requests.days must be at least 1, got 0"),
    "pull requests beside prod": (
        lambda: replace(PROD, delivery=_delivery(pull_requests=PullRequests())),
        "delivery.pull_requests must be None in prod, which has termination protection, got PullRequests(",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_value_is_refused(case: str) -> None:
    make, message = REFUSED[case]
    with pytest.raises(ConfigError) as refused:
        make()
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("repository", ["acme/platform", "acme@1234/platform@5678", "a-b/.github"])
def test_the_subject_is_that_of_githubs_tokens(repository: str) -> None:
    delivery = _delivery(repository=repository)
    assert delivery.subject("prod") == f"repo:{repository}:environment:prod"


def test_pull_requests_may_have_environments_in_the_account_of_dev() -> None:
    replace(DEV, delivery=_delivery(pull_requests=PullRequests()))


def test_no_shipped_environment_has_it() -> None:
    """Nobody's repository can be shipped."""
    assert [name for name, environment in ENVIRONMENTS.items() if environment.delivery] == []
