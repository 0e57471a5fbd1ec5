"""Which environments of pull requests are deleted, and when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config import environments
from ops.common.errors import CommandError
from ops.delivery import __main__, pull_requests
from ops.delivery.pull_requests import delete, expire
from tests.support.delivery.variants import WITH_PULL_REQUESTS
from tests.support.makefile import Checkout
from tests.support.ops.environment import PROJECT
from tests.support.ops.stubs import Stubs

NOW = datetime(2026, 11, 28, 3, 23, tzinfo=UTC)


class Destroyed:
    """In place of `make destroy`."""

    def __init__(self, failing: str = "") -> None:
        self.names: list[tuple[str, str]] = []
        self._failing = failing

    def __call__(self, environment: Any, *, confirm: str) -> int:
        if environment.name == self._failing:
            raise CommandError("CloudFormation could not delete it")
        self.names.append((environment.name, confirm))
        return 0


@pytest.fixture(autouse=True)
def _configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(environments.ENVIRONMENTS, "dev", WITH_PULL_REQUESTS)


def _stacks(*described: tuple[str, int, int | None]) -> dict[str, Any]:
    """Stacks as CloudFormation describes them: name, days since creation, days since the last update."""
    return {
        "Stacks": [
            {"StackName": name, "StackStatus": "UPDATE_COMPLETE", "CreationTime": NOW - timedelta(days=created)}
            | ({} if updated is None else {"LastUpdatedTime": NOW - timedelta(days=updated)})
            for name, created, updated in described
        ]
    }


def _expired(aws: Stubs, stacks: Iterable[tuple[str, int, int | None]], destroyed: Destroyed) -> int:
    aws.expect("cloudformation", "describe_stacks", _stacks(*stacks), {})
    return expire(aws.environment(), now=NOW, run=destroyed)


def test_an_environment_that_nobody_deployed_for_its_lifetime_is_deleted(aws: Stubs) -> None:
    destroyed = Destroyed()
    assert _expired(aws, [(f"{PROJECT}-pr-12-network", 8, None), (f"{PROJECT}-pr-12-data", 8, None)], destroyed) == 0
    assert destroyed.names == [("pr-12", f"{PROJECT}-pr-12")]


def test_an_environment_is_as_old_as_its_newest_deployment(aws: Stubs) -> None:
    destroyed = Destroyed()
    _expired(aws, [(f"{PROJECT}-pr-1-network", 30, None), (f"{PROJECT}-pr-1-data", 30, 6)], destroyed)
    assert destroyed.names == []


@pytest.mark.parametrize("name", ["dev-network", "prod-pr-1-network", "pr-x-network", "pr-demo-1-network", "pr-1"])
def test_no_other_stack_is_touched(name: str, aws: Stubs) -> None:
    destroyed = Destroyed()
    _expired(aws, [(f"{PROJECT}-{name}", 99, None), ("other-pr-1-network", 99, None)], destroyed)
    assert destroyed.names == []


def test_one_that_cannot_be_deleted_keeps_no_other(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    destroyed = Destroyed(failing="pr-1")
    stacks = [(f"{PROJECT}-pr-{number}-data", 9, None) for number in (1, 2)]
    assert _expired(aws, stacks, destroyed) == 1
    assert [name for name, _ in destroyed.names] == ["pr-2"]
    assert "pr-1: CloudFormation could not delete it" in capsys.readouterr().out


def test_a_closed_pull_request_loses_its_environment_at_once(aws: Stubs) -> None:
    destroyed = Destroyed()
    assert delete(aws.environment(), "12", run=destroyed) == 0
    assert destroyed.names == [("pr-12", f"{PROJECT}-pr-12")]


@pytest.mark.parametrize("number", ["0", "prod", "1-x", "../1"])
def test_only_a_number_is_a_pull_request(number: str, aws: Stubs) -> None:
    with pytest.raises(CommandError, match="PULL_REQUEST must be the number of a pull request"):
        delete(aws.environment(), number, run=Destroyed())


def test_an_environment_without_pull_requests_expires_none(aws: Stubs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(environments.ENVIRONMENTS, "dev", environments.DEV)
    with pytest.raises(CommandError, match=r"dev has no delivery\.pull_requests"):
        expire(aws.environment(), now=NOW, run=Destroyed())


@pytest.mark.usefixtures("bare_shell")
def test_the_command_deletes_one_or_those_that_are_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[str, ...]] = []
    monkeypatch.setattr(pull_requests, "delete", lambda environment, number: called.append((environment.name, number)))
    monkeypatch.setattr(pull_requests, "expire", lambda environment: called.append((environment.name,)))
    __main__.main(["--env=dev", "--region=eu-central-1", "expire", "--pull-request="])
    __main__.main(["--env=dev", "--region=eu-central-1", "expire", "--pull-request=12"])
    assert called == [("dev",), ("dev", "12")]


def test_the_number_arrives_unchanged_and_none_of_it_is_executed(checkout: Checkout) -> None:
    checkout.assert_unchanged_and_not_executed("expire", "PULL_REQUEST", "--pull-request={}")
