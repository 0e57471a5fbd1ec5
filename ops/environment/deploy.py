"""Deploys an environment, in two runs of `cdk deploy` where one would fail or leave something behind.

- CloudFormation deletes what a failed deployment created. If that is protected, the rollback fails too, and termination
  protection stops the next attempt. So the first run creates without protection, and the second switches it on.
- A stack is updated before the stacks that use it, and can't delete what they still use. So the first run keeps what is
  removed, and the second removes it.

A failed deployment can be repeated.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import NoCredentialsError

from checks.changes.report import rendered
from config.bootstrap import SharedBootstrap
from ops.common.account import require_account
from ops.common.environment import DeployedEnvironment, configuration
from ops.common.errors import CommandError
from ops.common.terminal import show
from ops.environment import protections
from ops.environment.assembly import SynthesizedStack, emptied, read_assembly
from ops.environment.bootstrap import PoliciesStack
from ops.environment.cdk import run as _cdk
from ops.environment.leftovers import left_behind
from ops.environment.plan import make as make_plan
from ops.environment.policies import Policies
from ops.environment.stacks import CREATION_FAILED, DeployedResource, DeployedStack, find_stacks

KEPT = Path(".local/kept.json")


def run(
    environment: DeployedEnvironment, *, account: str, region: str, yes: bool = False, accept_loss: bool = False
) -> int:
    """Deploy all stacks with the CDK's command line, and return its exit code.

    `account` and `region` may be empty, as for `cdk deploy` without that context. With `yes`, nobody is asked before
    permissions are widened, as is needed where no terminal is. With `accept_loss`, content may be deleted for good.
    """
    if environment.session.get_credentials() is None:
        raise NoCredentialsError  # before minutes of building code
    require_compiling_python(environment.name, sys.version_info[:2])
    context = {"env": environment.name, "account": account, "region": region}
    options = [part for name, value in context.items() if value for part in ("--context", f"{name}={value}")]
    approval = ["--require-approval", "never"] if yes else []
    folder = emptied(environment.name)
    options += ["--output", str(folder)]
    if code := _cdk("synth", "--quiet", *options):
        return code
    synthesized = read_assembly(folder)
    require_account(environment, {stack.account for stack in synthesized.values()} - {""})
    _require_bootstrap(environment)
    deployed = {stack.name: stack for stack in find_stacks(environment)}
    _require_settled(deployed.values())
    plan = make_plan(synthesized, deployed)
    if plan:
        show(*rendered(plan.report).split("\n"))
        if refused := list(plan.refused()):
            raise CommandError("AWS would refuse this, or leave something behind:\n" + "\n".join(refused))
        if not accept_loss and (lost := list(plan.lost())):
            raise CommandError(
                "this deployment deletes what can't be restored; if that is intended, add LOSS=accept:\n"
                + "\n".join(lost)
            )
    lifted = [
        resource
        for stack in deployed.values()
        for resource in _lift_protections(environment, stack, synthesized.get(stack.name))
    ]
    start = datetime.now(UTC)
    names, kept = list(unprotected(synthesized, deployed)), plan.kept() if plan else {}
    code = 0
    if first := list(_first_run(names, kept)):
        code = _cdk("deploy", "--all", *approval, *options, *first)
        if not code:
            show("The second run follows: it protects what is new, and removes what was kept.")
    code = code or _cdk("deploy", "--all", *approval, *options)
    for left in () if code else left_behind(environment, synthesized, start):
        show(f"Left behind, outside of any stack; delete it yourself: {left}")
        code = 1
    if code:
        for resource in lifted:
            show(f"To protect it again, if it is to stay: {protections.command(resource, on=True)}")
    return code


def _first_run(unprotected: list[str], kept: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The context of the first of two runs; nothing if one run is enough."""
    if unprotected:
        show(f"Creating without deletion protection, which follows at the end: {', '.join(unprotected)}")
        yield from ("--context", f"unprotected={','.join(unprotected)}")
    if kept:
        names = [f"{stack}/{id_}" for stack, template in kept.items() for id_ in template["Resources"]]
        show(f"Keeping until the stacks that use it are updated: {', '.join(sorted(names))}")
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps(kept))
        yield from ("--context", f"kept={KEPT}")


def require_compiling_python(environment: str, version: tuple[int, ...]) -> None:
    """Raises CommandError if this Python builds other code than the one that the environment names."""
    runtime, here = configuration(environment).runtime, ".".join(map(str, version))
    if runtime.compiled and runtime.python != here:
        raise CommandError(
            f"this is Python {here}, and runtime.python of {environment} is {runtime.python}: only Python "
            f"{runtime.python} compiles its code, so every other would replace all functions. Run `make "
            f"PYTHON=python{runtime.python} deploy ENV={environment}`, or set runtime=RuntimeConfig(compiled=False) in "
            "config/environments.py; functions then start a quarter to half a second later"
        )


def unprotected(synthesized: Mapping[str, SynthesizedStack], deployed: Mapping[str, DeployedStack]) -> Iterator[str]:
    """Names what the deployment creates and protects: a new stack, or `<stack>/<logical id>` in an existing stack."""
    for name, stack in synthesized.items():
        if name not in deployed or deployed[name].status in CREATION_FAILED:
            if stack.termination_protection or stack.protected:
                yield name
        else:
            existing = {resource.logical_id for resource in deployed[name].resources}
            yield from (f"{name}/{id_}" for id_ in stack.protected if id_ not in existing)


def _require_bootstrap(environment: DeployedEnvironment) -> None:
    """Raises CommandError if the environment's own bootstrap is missing: the CDK would ask for `cdk bootstrap`."""
    configured = configuration(environment.name)
    if isinstance(configured.bootstrap, SharedBootstrap):
        return
    names, command = configured.bootstrap_names, f"make bootstrap ENV={environment.name}"
    deployed = PoliciesStack(environment, names).resources()
    if not deployed:
        raise CommandError(
            f"{environment.label} is not bootstrapped: run `{command}` once, as an administrator, or set "
            "bootstrap=SharedBootstrap() in config/environments.py and run `cdk bootstrap`"
        )
    if deployed != Policies(names=names).template()["Resources"]:
        show(
            "The policies of the bootstrap are not those of this checkout. If CloudFormation or a function is refused "
            f"something, run `{command}` as an administrator."
        )


def _require_settled(deployed: Iterable[DeployedStack]) -> None:
    """Raises CommandError for a stack that can't be updated."""
    for stack in deployed:
        if stack.status.endswith("_IN_PROGRESS"):
            raise CommandError(f"{stack.name} is {stack.status}: wait until that has ended, then run this again")
        if stack.status == "UPDATE_ROLLBACK_FAILED":
            raise CommandError(
                f"{stack.name} is {stack.status}: read its events, fix the cause, run `aws cloudformation "
                f"continue-update-rollback --stack-name {stack.name}`, and then this again"
            )
        if stack.status == "DELETE_FAILED":
            raise CommandError(
                f"{stack.name} is {stack.status}: run `make destroy`, which says why, and then this again"
            )


def _lift_protections(
    environment: DeployedEnvironment, stack: DeployedStack, new: SynthesizedStack | None
) -> Iterator[DeployedResource]:
    """Switches off what would make the deployment fail, or leave a resource behind. Yields these resources."""
    failed = stack.status in CREATION_FAILED
    if failed and stack.is_protected:
        cloudformation = environment.session.client("cloudformation")
        cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
        show(f"{stack.name}: termination protection is off, because its creation failed and is repeated")
    for resource in stack.resources:
        # Not the protection of stored data, which is there to stop such a deployment.
        is_removed = new and resource.type == protections.LOAD_BALANCER and resource.logical_id not in new.resources
        if (failed or is_removed) and protections.lift(environment, resource):
            show(f"{stack.name}: deletion protection of {resource.physical_id} is off")
            yield resource
