"""Runs the commands of a capability, and prints each expected error as one line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError

from config.checks import ConfigError
from ops.common.environment import DeployedEnvironment, find
from ops.common.errors import CommandError
from ops.common.terminal import show

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
        try:
            code: int = options.run(find(options.env, options.region), options)
        except (CommandError, ConfigError) as error:
            problem = str(error)
        except NoCredentialsError:
            problem = "no AWS credentials in this shell: sign in (aws sso login), or use ENV=local for the local cloud"
        except NoRegionError:
            problem = "no AWS region: pass REGION=eu-central-1, or set AWS_REGION"
        except EndpointConnectionError as error:
            problem = f"{error}: check the network; `make up` starts the local cloud"
        except ClientError as error:
            problem = f"AWS refused: {error} (docs/runbook/README.md lists the permissions that each command needs)"
        except BotoCoreError as error:
            problem = str(error)
        except KeyboardInterrupt:
            problem = "interrupted; anything already started in AWS continues"
        else:
            return code
        show(*f"{options.command}: {problem}".split("\n"), error=True)
        return 1


def required(value: str, variable: str, example: str) -> str:
    """The value; raises CommandError if the make variable is empty."""
    if not value:
        raise CommandError(f"{variable} is missing: {example}")
    return value
