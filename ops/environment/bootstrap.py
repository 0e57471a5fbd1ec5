"""Prepares an account and region for `cdk deploy` of one environment, with least privilege if it is configured so.

A stack holds the policies, because CloudFormation updates managed policies within their limit of five versions, and
undoes an update that failed. Then the CDK's own `cdk bootstrap` makes everything else. Running both again changes only
what differs.
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from config.bootstrap import BootstrapNames, SharedBootstrap
from ops.common.account import require_account
from ops.common.environment import DeployedEnvironment, configuration
from ops.common.errors import CommandError
from ops.common.terminal import show
from ops.environment.cdk import run as _cdk
from ops.environment.policies import Policies

POLL_SECONDS = 5
GIVE_UP_AFTER = 120  # polls: ten minutes for a handful of policies


def run(environment: DeployedEnvironment, *, account: str) -> int:
    """Make or update the policies and the bootstrap, and return the exit code of `cdk bootstrap`.

    `account` may be empty: then it is that of the credentials. Raises CommandError.
    """
    configured = configuration(environment.name)
    actual = require_account(environment, {account or configured.account or ""} - {""})
    target = f"aws://{actual}/{environment.session.region_name}"
    if isinstance(configured.bootstrap, SharedBootstrap):
        show(
            f"Preparing {target} with `cdk bootstrap`, which other projects share: CloudFormation may do everything. "
            f"bootstrap=OwnBootstrap() in config/environments.py limits {environment.name} to what its templates need."
        )
        return _cdk("bootstrap", target)
    names = configured.bootstrap_names
    template = Policies(names=names).template()
    show(
        f"Preparing {target} for deployments of {environment.label}:",
        f"  stack {names.policies_stack}: {', '.join(_policy_names(template))}",
        f"  stack {names.toolkit_stack}: bucket, repository and roles of `cdk bootstrap`, qualifier {names.qualifier}. "
        "CloudFormation's role gets these policies. No other account is trusted",
    )
    partition = environment.session.get_partition_for_region(environment.session.region_name)
    stack = PoliciesStack(environment, names)
    deployed = stack.resources()
    if not deployed:
        _require_no_other_region(environment, f"arn:{partition}:iam::{actual}:policy/{names.boundary}", names)
    # What CloudFormation's role still has can be deleted only after the role no longer has it.
    stack.deploy({**template, "Resources": {**deployed, **template["Resources"]}})
    execution = [
        f"arn:{partition}:iam::{actual}:policy/{name}" for name in _policy_names(template) if name != names.boundary
    ]
    code = _cdk(
        "bootstrap",
        target,
        "--qualifier",
        names.qualifier,
        "--toolkit-stack-name",
        names.toolkit_stack,
        "--cloudformation-execution-policies",
        ",".join(execution),
        "--termination-protection",
    )
    if code:
        return code
    stack.deploy(template)
    return 0


def _require_no_other_region(environment: DeployedEnvironment, boundary: str, names: BootstrapNames) -> None:
    """IAM's names are the same in all regions. Raises CommandError if another region has them."""
    iam = environment.session.client("iam")
    try:
        iam.get_policy(PolicyArn=boundary)
    except iam.exceptions.NoSuchEntityException:
        return
    raise CommandError(
        f"{environment.name} has its bootstrap in another region of this account: the policy {names.boundary} exists, "
        f"and the stack {names.policies_stack} isn't in {environment.session.region_name}. Name that region, or delete "
        f"the environment and the stacks {names.toolkit_stack} and {names.policies_stack} there"
    )


class PoliciesStack:
    """The stack that holds the policies and the boundary."""

    def __init__(self, environment: DeployedEnvironment, names: BootstrapNames) -> None:
        self._cloudformation = environment.session.client("cloudformation")
        self._name = names.policies_stack

    def resources(self) -> dict[str, Any]:
        """The resources of its deployed template; none if it isn't deployed."""
        try:
            body: Any = self._cloudformation.get_template(StackName=self._name, TemplateStage="Original")[
                "TemplateBody"
            ]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            return {}
        found: dict[str, Any] = (json.loads(body) if isinstance(body, str) else body)["Resources"]
        return found

    def deploy(self, template: dict[str, Any]) -> None:
        """Create or update it, and wait. Raises CommandError if that fails."""
        arguments: Any = {
            "StackName": self._name,
            "TemplateBody": json.dumps(template, separators=(",", ":")),
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
        }
        polls: Any = {"Delay": POLL_SECONDS, "MaxAttempts": GIVE_UP_AFTER}
        try:
            if self.resources():
                self._cloudformation.update_stack(**arguments)
                waiter: Any = self._cloudformation.get_waiter("stack_update_complete")
            else:
                self._cloudformation.create_stack(**arguments, OnFailure="DELETE", EnableTerminationProtection=True)
                waiter = self._cloudformation.get_waiter("stack_create_complete")
            waiter.wait(StackName=self._name, WaiterConfig=polls)
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
        except WaiterError as error:
            raise CommandError(
                f"the stack {self._name} failed: `aws cloudformation describe-stack-events --stack-name {self._name}` "
                "says why; then run this again"
            ) from error


def _policy_names(template: dict[str, Any]) -> list[str]:
    return [resource["Properties"]["ManagedPolicyName"] for resource in template["Resources"].values()]
