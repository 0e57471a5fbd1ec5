"""Runs the commands of a capability, and prints each expected error as one line."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)
from botocore.exceptions import ConnectionError as UnreachableError

from config.checks import ConfigError
from ops.common.account import require_account
from ops.common.environment import DeployedEnvironment, find
from ops.common.errors import CommandError
from ops.common.terminal import show

_WRONG_KEYS = {"InvalidAccessKeyId", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"}

_PIPE_CLOSED = 128 + signal.SIGPIPE  # the exit code that shells give to a program that ends for this reason

Run = Callable[[DeployedEnvironment, argparse.Namespace], int]


class CommandLine:
    """`python -m ops.<capability> --env NAME --region NAME COMMAND ...`

    An empty value means the default: make passes variables that are not set as empty values.
    """

    def __init__(self, capability: str) -> None:
        self._parser = argparse.ArgumentParser(prog=f"python -m ops.{capability}")
        self._parser.add_argument("--env", default="", help="default: local in a shell of the local cloud, else dev")
        self._parser.add_argument("--region", default="", help="default: the region of the shell")
        self._commands = self._parser.add_subparsers(dest="command", required=True)

    def add(self, name: str, run: Run, summary: str) -> argparse.ArgumentParser:
        """Add a command, and return its parser, for its own arguments. `run` returns the exit code."""
        parser = self._commands.add_parser(name, help=summary, description=summary)
        parser.set_defaults(run=run)
        return parser

    def run(self, arguments: Sequence[str] | None = None) -> int:
        """Run the command that the arguments name. An expected error is one line on stderr, and exit code 1."""
        options = self._parser.parse_args(arguments)
        environment = None
        try:
            _require_utf8(options)
            environment = find(options.env, options.region)
            if environment.account and not environment.is_local:
                # Before any command: the account may have another environment of the same name.
                require_account(environment, {environment.account})
            code: int = options.run(environment, options)
        except KeyboardInterrupt:
            problem = "interrupted; anything already started in AWS continues"
        except BrokenPipeError:
            # As with `| head`. Python would still write what is left, and complain, when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return _PIPE_CLOSED
        except (CommandError, ConfigError, BotoCoreError, ClientError, OSError) as error:
            problem = _described(error, environment)
        else:
            return code
        show(*f"{options.command}: {problem}".split("\n"), error=True)
        return 1


def _require_utf8(options: argparse.Namespace) -> None:
    """Raises CommandError for a value with bytes that are no UTF-8, which Python keeps as halves of characters."""
    for name, value in vars(options).items():
        if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
            raise CommandError(f"{name.upper()} must be UTF-8, got {value!r:.300}: is the terminal set to UTF-8?")


def _described(error: Exception, environment: DeployedEnvironment | None) -> str:
    """What is wrong and what to do, and for which environment that is so."""
    if environment is None:
        return str(error)
    if environment.is_local and _is_out_of_date(error):
        problem = (
            f"the local cloud does not answer this shell ({error}): run `make up`, and `source .local/env.sh` again, "
            "because `make reset` gives it other addresses and keys"
        )
    elif isinstance(error, ClientError):
        problem = f"AWS refused: {error} (docs/runbook/README.md lists the permissions that each command needs)"
    elif isinstance(error, NoCredentialsError):
        problem = "no AWS credentials in this shell: sign in (aws sso login)"
    elif isinstance(error, NoRegionError):
        problem = "no AWS region: pass REGION=eu-central-1, or set AWS_REGION"
    elif isinstance(error, EndpointConnectionError):
        problem = f"{error}: check the network and the region"
    else:
        problem = str(error)
    other = "AWS: ENV=dev in a new shell" if environment.is_local else "the local cloud: `make up`, then ENV=local"
    return f"{problem} (This acts on {environment.label}. For {other}.)"


def _is_out_of_date(error: Exception) -> bool:
    """Whether the shell may know a local cloud that is down, or has another address, certificate or key by now."""
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in _WRONG_KEYS
    return isinstance(error, UnreachableError) or "TLS CA certificate bundle" in str(error)


def required(value: str, variable: str, example: str) -> str:
    """The value; raises CommandError if the make variable is empty."""
    if not value:
        raise CommandError(f"{variable} is missing: {example}")
    return value
