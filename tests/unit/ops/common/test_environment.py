"""The commands act on the environment that is named, or else on that of the shell."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from config.environments import DEV
from ops.common.environment import find
from ops.common.errors import CommandError
from tests.support.ops.stubs import Stubs

LOCAL_SHELL = {"AWS_ENDPOINT_URL": "https://127.0.0.1:4566", "AWS_REGION": "us-east-1"}
STACK = f"{DEV.project}-dev-data"


@pytest.mark.parametrize(
    ("environment", "variables", "found"),
    [
        ("", {}, "dev in eu-central-1"),
        ("", LOCAL_SHELL, "the local cloud"),
        ("local", LOCAL_SHELL, "the local cloud"),
        ("prod", {}, "prod in eu-central-1"),
        ("prod", {"AWS_ENDPOINT_URL": "https://vpce.example"}, "prod in eu-central-1"),
    ],
)
def test_the_named_environment_is_found_or_else_that_of_the_shell(
    environment: str, variables: Mapping[str, str], found: str
) -> None:
    assert find(environment, "eu-central-1", variables).label == found


@pytest.mark.parametrize(
    ("environment", "region", "variables", "expected"),
    [
        ("dev", "", {"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ("dev", "eu-central-1", {"AWS_REGION": "eu-west-1"}, "eu-central-1"),
        ("local", "eu-central-1", LOCAL_SHELL, "us-east-1"),
    ],
)
def test_the_region_is_the_one_given_or_else_that_of_the_shell(
    environment: str, region: str, variables: Mapping[str, str], expected: str
) -> None:
    assert find(environment, region, variables).session.region_name == expected


@pytest.mark.parametrize(
    ("environment", "variables", "message"),
    [
        ("nowhere", {}, "ENV must be one of local, dev, staging, prod, got 'nowhere'"),
        ("prod", LOCAL_SHELL, "use a new shell, or ENV=local"),
        ("local", {}, r"not set up for the local cloud: run `make up`, then `source \.local/env\.sh`"),
    ],
)
def test_a_shell_that_reaches_another_environment_is_refused(
    environment: str, variables: Mapping[str, str], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        find(environment, "eu-central-1", variables)


def test_outputs_are_those_of_the_stack(aws: Stubs) -> None:
    aws.stack_has(STACK, {"Url": "https://example.com"})
    assert aws.environment().outputs("data") == {"Url": "https://example.com"}


def test_a_missing_stack_is_an_error_that_says_how_to_deploy_it(aws: Stubs) -> None:
    aws.refuse("cloudformation", "describe_stacks", "ValidationError", "Stack with id x does not exist")
    message = f"{STACK} is not deployed in eu-central-1: run `make deploy ENV=dev`"
    with pytest.raises(CommandError, match=message):
        aws.environment().outputs("data")


def test_a_missing_output_is_an_error_that_says_how_to_deploy_it(aws: Stubs) -> None:
    aws.stack_has(STACK, {})
    outputs = aws.environment().outputs("data")
    with pytest.raises(CommandError, match=f"QueueUrl is missing; .* {STACK}: run `make deploy ENV=dev`"):
        outputs["QueueUrl"]
