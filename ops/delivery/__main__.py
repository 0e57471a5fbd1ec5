"""The command line of `make expire`."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from ops.common.command_line import CommandLine
from ops.common.environment import DeployedEnvironment
from ops.delivery import pull_requests


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code."""
    command_line = CommandLine("delivery")
    expiring = command_line.add("expire", _expire, "delete environments of pull requests")
    expiring.add_argument("--pull-request", default="", help="its number; default: all that are too old")
    return command_line.run(arguments)


def _expire(environment: DeployedEnvironment, options: Namespace) -> int:
    if options.pull_request:
        return pull_requests.delete(environment, options.pull_request)
    return pull_requests.expire(environment)


if __name__ == "__main__":
    sys.exit(main())
