"""Every error that a person can fix is one line on the terminal, with exit code 1."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, SSLError

from ops.common import command_line as module
from ops.common.command_line import CommandLine, required
from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError
from tests.support.ops.stubs import Stubs

ROOT = Path(__file__).parents[4]


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
        (["example", "--key", "a\udcff"], "example: KEY must be UTF-8, got 'a\\udcff'"),
        (["--env", "\udcff", "example"], "example: ENV must be UTF-8, got '\\udcff'"),
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
        (EndpointConnectionError(endpoint_url="https://x"), "check the network and the region (This acts on dev. "),
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


@pytest.mark.usefixtures("bare_shell")
@pytest.mark.parametrize("error", [None, CommandError("so"), EndpointConnectionError(endpoint_url="https://x")])
def test_an_error_names_the_environment_and_the_way_to_the_local_cloud(
    error: Exception | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("example", "--key", "x", error=error) == 1
    assert capsys.readouterr().err.endswith(" (This acts on dev. For the local cloud: `make up`, then ENV=local.)\n")
    assert _run("--region", "eu-central-1", "example", "--key", "x", error=error) == 1
    assert " (This acts on dev in eu-central-1. For the local cloud" in capsys.readouterr().err


@pytest.mark.usefixtures("bare_shell")
@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://127.0.0.1:9"),
        SSLError(endpoint_url="https://127.0.0.1:9", error=ValueError("unknown certificate")),
        OSError("Could not find a suitable TLS CA certificate bundle, invalid path: /gone"),
        ClientError({"Error": {"Code": "InvalidClientTokenId", "Message": "no"}}, "Invoke"),
    ],
)
def test_a_shell_of_a_former_local_cloud_is_told_how_to_get_the_present_one(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:9")
    assert _run("example", error=error) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("example: the local cloud does not answer this shell (")
    assert "run `make up`, and `source .local/env.sh` again" in shown
    assert shown.endswith(" (This acts on the local cloud. For AWS: ENV=dev in a new shell.)\n")
    assert shown.count("\n") == 1


def test_a_closed_pipe_ends_a_command_without_a_traceback() -> None:
    command = """
import sys
from ops.common.command_line import CommandLine
from ops.common.terminal import show
command_line = CommandLine("example")
command_line.add("example", lambda *_: show(*["line"] * 100_000), "an example")
sys.exit(command_line.run(["--region", "eu-central-1", "example"]))
"""
    with subprocess.Popen(
        [sys.executable, "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "line\n"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141
