"""Every error that a person can fix is one line on the terminal, with exit code 1."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ops.common import command_line as module
from ops.common.command_line import CommandLine, required
from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError
from tests.support.ops.stubs import Stubs


def _run(*arguments: str, error: BaseException | None = None) -> int:
    """A command that gets a queue from AWS, or raises the error."""

    def command(environment: DeployedEnvironment, options: Namespace) -> int:
        if error:
            raise error
        required(options.key, "KEY", "make example KEY=incoming/orders.csv")
        environment.session.client("sqs").list_queues()
        return 0

    command_line = CommandLine("example")
    command_line.add("example", command, "an example").add_argument("--key", default="")
    return command_line.run(arguments)


@pytest.mark.usefixtures("bare_shell")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["example"], "example: KEY is missing: make example KEY="),
        (["--env", "nowhere", "example"], "example: ENV must be one of local, dev, staging, prod, got 'nowhere'"),
        (["example", "--key", "x"], "example: no AWS region: pass REGION=eu-central-1"),
        (["--region", "eu-central-1", "example", "--key", "x"], "example: no AWS credentials in this shell"),
    ],
)
def test_a_missing_value_is_reported_in_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(*arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1


@pytest.mark.usefixtures("bare_shell")
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (EndpointConnectionError(endpoint_url="https://x"), "make up"),
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Invoke"), "docs/runbook/README.md"),
        (CommandError("so"), "example: so"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_an_expected_error_is_reported_in_one_line(
    error: BaseException, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("example", error=error) == 1
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1


@pytest.mark.usefixtures("bare_shell")
def test_an_unexpected_error_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        _run("example", error=ZeroDivisionError())


def test_no_command_starts_in_another_account_than_the_pinned_one(
    aws: Stubs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pinned = replace(aws.environment(), account="111122223333")
    monkeypatch.setattr(module, "find", lambda *_: pinned)
    aws.expect("sts", "get_caller_identity", {"Account": "444455556666"})
    assert _run("example", error=AssertionError("the command started")) == 1
    assert "is in the account 111122223333, and the credentials of this shell are for 444455556666" in (
        capsys.readouterr().err
    )
