"""Whatever a person can mend is one line on the terminal, and exit code 1."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError

from ops.common import __main__ as command_line
from ops.common import deployment
from ops.common.__main__ import main
from ops.common.errors import OperationsError

LOCAL_SHELL = {"AWS_ENDPOINT_URL": "https://127.0.0.1:4566"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["inspect"], "inspect: KEY is missing: make inspect KEY="),
        (["reprocess", "--key", ""], "reprocess: KEY is missing: make reprocess KEY="),
        (["replay", "--to", "x"], "replay: FROM is missing: make replay FROM="),
        (["--env", "nowhere", "redrive"], "redrive: ENV must be one of local, dev, staging, prod, got 'nowhere'"),
    ],
)
def test_what_is_missing_or_unknown_is_named_with_an_example(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith(words)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NoCredentialsError(), "sign in"),
        (NoRegionError(), "REGION=eu-central-1"),
        (EndpointConnectionError(endpoint_url="https://x"), "make up"),
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Invoke"), "docs/runbook/README.md"),
        (OperationsError("so"), "redrive: so"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_every_expected_error_is_one_line(
    error: BaseException, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(command_line, "find", fail)
    assert main(["redrive"]) == 1
    shown = capsys.readouterr().err
    assert words in shown
    assert shown.count("\n") == 1


def test_a_shell_of_the_local_cloud_does_not_reach_for_aws() -> None:
    with pytest.raises(OperationsError, match="use a new shell, or ENV=local"):
        deployment.find("prod", None, LOCAL_SHELL)


@pytest.mark.parametrize(
    ("environment", "variables", "stack"),
    [
        (None, {}, "shop-dev-data"),
        (None, LOCAL_SHELL, "shop-local-data"),
        ("prod", {}, "shop-prod-data"),
        ("prod", {"AWS_ENDPOINT_URL": "https://vpce.example"}, "shop-prod-data"),
    ],
)
def test_the_environment_that_is_meant_is_asked(
    environment: str | None, variables: dict[str, str], stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(_: object, name: str, __: str) -> dict[str, str]:
        raise OperationsError(name)

    monkeypatch.setattr(deployment, "_outputs", asked)
    with pytest.raises(OperationsError, match=stack):
        deployment.find(environment, "eu-central-1", variables)


def test_stacks_older_than_the_checkout_are_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployment, "_outputs", lambda *_: {"LandingBucketName": "b", "IncomingPrefix": "p"})
    with pytest.raises(OperationsError, match=r"no output 'QueueUrl'.*make deploy ENV=dev"):
        deployment.find("dev", "eu-central-1", {})
