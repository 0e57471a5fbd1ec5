"""The command line of `make deploy`, `make destroy` and `make verify`."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from ops.common.command_line import CommandLine
from ops.common.environment import DeployedEnvironment
from ops.environment import deploy, destroy, verification


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code."""
    command_line = CommandLine("environment")
    deploying = command_line.add("deploy", _deploy, "deploy all stacks of an environment")
    deploying.add_argument("--account", default="", help="twelve digits; default: that of the credentials")
    destroying = command_line.add("destroy", _destroy, "delete everything of an environment")
    destroying.add_argument("--confirm", default="", help="<project>-<environment>; default: ask")
    command_line.add("verify", _verify, "check that an environment is as its templates say, and works")
    return command_line.run(arguments)


def _deploy(environment: DeployedEnvironment, options: Namespace) -> int:
    return deploy.run(environment, account=options.account, region=options.region)


def _destroy(environment: DeployedEnvironment, options: Namespace) -> int:
    return destroy.run(environment, confirm=options.confirm)


def _verify(environment: DeployedEnvironment, _: Namespace) -> int:
    return verification.run(environment)


if __name__ == "__main__":
    sys.exit(main())
