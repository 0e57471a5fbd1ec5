"""The command line of `make inspect`, `make reconcile`, `make forget` and `make withdraw`."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from ops.common.command_line import CommandLine, required
from ops.common.environment import DeployedEnvironment
from ops.operations import forget, inspect_file, reconcile, withdraw
from ops.operations.deployed import find


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code."""
    command_line = CommandLine("operations")
    inspecting = command_line.add("inspect", _inspect, "show what happened to a file")
    inspecting.add_argument("--key", default="")
    reconciling = command_line.add("reconcile", _reconcile, "find files whose events were lost, and load them")
    reconciling.add_argument("--yes", action="store_true", help="do not ask")
    forgetting = command_line.add("forget", _forget, "erase a person from the database and the bucket")
    forgetting.add_argument("--email", default="")
    forgetting.add_argument("--again", action="store_true", help="everybody who was erased, after a restore")
    forgetting.add_argument("--yes", action="store_true", help="do not ask")
    withdrawing = command_line.add("withdraw", _withdraw, "delete the rows of a file, and bring back what it replaced")
    withdrawing.add_argument("--key", default="")
    withdrawing.add_argument("--version", default="", help="default: the newest that brought rows")
    withdrawing.add_argument("--why", default="", help="is kept in the database")
    withdrawing.add_argument("--yes", action="store_true", help="do not ask")
    return command_line.run(arguments)


def _inspect(environment: DeployedEnvironment, options: Namespace) -> int:
    key = required(options.key, "KEY", "make inspect KEY=incoming/orders/a.csv")
    return inspect_file.run(find(environment), key=key)


def _reconcile(environment: DeployedEnvironment, options: Namespace) -> int:
    return reconcile.run(find(environment), yes=options.yes)


def _forget(environment: DeployedEnvironment, options: Namespace) -> int:
    if options.again:
        return forget.again(find(environment), yes=options.yes)
    email = required(options.email, "EMAIL", "make forget EMAIL=ada@example.com")
    return forget.run(find(environment), email=email, yes=options.yes)


def _withdraw(environment: DeployedEnvironment, options: Namespace) -> int:
    example = 'make withdraw KEY=incoming/orders/a.csv WHY="wrong prices"'
    key, why = required(options.key, "KEY", example), required(options.why, "WHY", example)
    return withdraw.run(find(environment), key=key, version_id=options.version, why=why, yes=options.yes)


if __name__ == "__main__":
    sys.exit(main())
