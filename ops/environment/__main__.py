"""The command line of the make targets in targets.mk, of `make deploy` and of `make plan AGAINST=deployed`."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace

from ops.common.account import require_account
from ops.common.command_line import CommandLine
from ops.common.environment import DeployedEnvironment
from ops.common.terminal import show
from ops.environment import bootstrap, check_runner, deploy, destroy, plan


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code."""
    command_line = CommandLine("environment")
    preparing = command_line.add("bootstrap", _bootstrap, "prepare an account and region for an environment")
    preparing.add_argument("--account", default="", help="twelve digits; default: that of the credentials")
    deploying = command_line.add("deploy", _deploy, "deploy all stacks of an environment")
    deploying.add_argument("--account", default="", help="twelve digits; default: that of the credentials")
    deploying.add_argument("--yes", action="store_true", help="don't ask before permissions are widened")
    deploying.add_argument("--accept-loss", action="store_true", help="delete content that can't be restored")
    destroying = command_line.add("destroy", _destroy, "delete everything of an environment")
    destroying.add_argument("--confirm", default="", help="<project>-<environment>; default: ask")
    doctor = command_line.add("doctor", _doctor, "check that an account can take a deployment of an environment")
    doctor.add_argument("--account", default="", help="twelve digits; default: that of the credentials")
    planning = command_line.add("plan", _plan, "show what a deployment of an environment changes")
    planning.add_argument("--account", default="", help="twelve digits; default: that of the credentials")
    command_line.add("verify", _verify, "check that an environment is as its templates say, and works")
    return command_line.run(arguments)


def _bootstrap(environment: DeployedEnvironment, options: Namespace) -> int:
    return bootstrap.run(environment, account=options.account)


def _deploy(environment: DeployedEnvironment, options: Namespace) -> int:
    return deploy.run(
        environment, account=options.account, region=options.region, yes=options.yes, accept_loss=options.accept_loss
    )


def _destroy(environment: DeployedEnvironment, options: Namespace) -> int:
    return destroy.run(environment, confirm=options.confirm)


def _plan(environment: DeployedEnvironment, options: Namespace) -> int:
    return plan.run(_of_account(environment, options))


def _verify(environment: DeployedEnvironment, _: Namespace) -> int:
    show(f"Verifying {environment.label}.")
    return check_runner.run(environment, check_runner.discovered("verify"), refusals_fail=True)


def _doctor(environment: DeployedEnvironment, options: Namespace) -> int:
    found = _of_account(environment, options)
    show(f"Examining the account {found.account} before a deployment of {found.label}.")
    return check_runner.run(found, check_runner.discovered("doctor"), refusals_fail=False)


def _of_account(environment: DeployedEnvironment, options: Namespace) -> DeployedEnvironment:
    """The environment in the account of the credentials. Raises CommandError if that is not the one that is meant."""
    return replace(environment, account=require_account(environment, {options.account or environment.account} - {""}))


if __name__ == "__main__":
    sys.exit(main())
