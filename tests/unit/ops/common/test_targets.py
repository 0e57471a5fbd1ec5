"""The make targets of ops/ act on the environment that is named, and find the local cloud that `make up` started."""

from __future__ import annotations

import pytest

from tests.support.makefile import Checkout

ENDPOINT = "https://127.0.0.1:4566"
OTHER_ENDPOINT = "https://127.0.0.1:9999"


@pytest.fixture
def running(checkout: Checkout) -> Checkout:
    """A checkout whose local cloud is running."""
    (checkout.folder / ".local").mkdir()
    (checkout.folder / ".local/env.sh").write_text(f"unset AWS_PROFILE\nexport AWS_ENDPOINT_URL={ENDPOINT}\n")
    return checkout


def test_without_a_name_the_shell_decides_on_the_environment(running: Checkout) -> None:
    assert running.make("redrive") == [["python", "-m", "ops.ingestion", "--env=", "--region=", "redrive"]]
    assert running.endpoint == ""


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_an_environment_on_aws_is_reached_without_the_local_cloud(running: Checkout, name: str) -> None:
    (command,) = running.make("redrive", f"ENV={name}", "REGION=eu-central-1")
    assert command[3:5] == [f"--env={name}", "--region=eu-central-1"]
    assert running.endpoint == ""


@pytest.mark.parametrize("variables", [{}, {"AWS_ENDPOINT_URL": "https://vpce.example"}])
def test_the_local_cloud_is_found_from_any_shell(running: Checkout, variables: dict[str, str]) -> None:
    running.make("redrive", "ENV=local", **variables)
    assert running.endpoint == ENDPOINT


def test_a_shell_of_another_local_cloud_keeps_it(running: Checkout) -> None:
    running.make("redrive", "ENV=local", AWS_ENDPOINT_URL=OTHER_ENDPOINT)
    assert running.endpoint == OTHER_ENDPOINT


def test_without_a_local_cloud_the_error_names_the_command_that_starts_one(checkout: Checkout) -> None:
    finished = checkout.run("redrive", "ENV=local")
    assert finished.returncode != 0
    assert finished.stderr.splitlines()[0] == "redrive: no local cloud is up: run `make up`"


@pytest.mark.parametrize("variable", ["ENV", "REGION"])
def test_names_arrive_unchanged_and_none_of_them_is_executed(checkout: Checkout, variable: str) -> None:
    checkout.assert_unchanged_and_not_executed("redrive", variable, f"--{variable.lower()}={{}}")
