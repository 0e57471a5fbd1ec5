"""Deploys an environment. What is new gets its deletion protection only when everything is there.

CloudFormation deletes what a failed deployment created. If that is protected, the rollback fails too, and termination
protection stops the next attempt. So the first of two runs of `cdk deploy` creates without protection, and the second
switches it on. Without anything new and protected, only the second runs. A failed deployment can be repeated.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError
from ops.environment import protections
from ops.environment.account import require_account
from ops.environment.assembly import SynthesizedStack, read_assembly
from ops.environment.stacks import DeployedResource, DeployedStack, find_stacks

ASSEMBLY = Path("cdk.out")
# The CDK's command line deletes a stack in this state, and creates it again.
CREATION_FAILED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED")


def run(environment: DeployedEnvironment, *, account: str, region: str) -> int:
    """Deploy all stacks with the CDK's command line, and return its exit code.

    `account` and `region` may be empty, as for `cdk deploy` without that context.
    """
    require_compiling_python(environment.name, sys.version_info[:2])
    context = {"env": environment.name, "account": account, "region": region}
    options = [part for name, value in context.items() if value for part in ("--context", f"{name}={value}")]
    if code := _cdk("synth", "--quiet", "--output", str(ASSEMBLY), *options):
        return code
    synthesized = read_assembly(ASSEMBLY)
    require_account(environment, {stack.account for stack in synthesized.values()} - {""})
    deployed = {stack.name: stack for stack in find_stacks(environment)}
    _require_possible(synthesized, deployed)
    lifted = [
        resource
        for stack in deployed.values()
        for resource in _lift_protections(environment, stack, synthesized.get(stack.name))
    ]
    code = 0
    if names := list(unprotected(synthesized, deployed)):
        print(f"Creating without deletion protection, which follows at the end: {', '.join(names)}", flush=True)
        code = _cdk("deploy", "--all", *options, "--context", f"unprotected={','.join(names)}")
        if not code:
            print("Everything is created. Switching deletion protection on.", flush=True)
    code = code or _cdk("deploy", "--all", *options)
    if code:
        for resource in lifted:
            print(f"To protect it again, if it is to stay: {protections.command(resource, on=True)}", flush=True)
    return code


def require_compiling_python(environment: str, version: tuple[int, ...]) -> None:
    """Raises CommandError if this Python builds other code than the one that the environment names."""
    # Here, because importing the environments raises ConfigError if one of them is invalid.
    from config.environments import ENVIRONMENTS  # noqa: PLC0415 - see above

    runtime, here = ENVIRONMENTS[environment].runtime, ".".join(map(str, version))
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


def _require_possible(synthesized: Mapping[str, SynthesizedStack], deployed: Mapping[str, DeployedStack]) -> None:
    """Raises CommandError for what would fail, or would seem to succeed."""
    for name, stack in deployed.items():
        if stack.status.endswith("_IN_PROGRESS"):
            raise CommandError(f"{name} is {stack.status}: wait until that has ended, then run this again")
        if stack.status == "DELETE_FAILED":
            raise CommandError(f"{name} is {stack.status}: run `make destroy`, which says why, and then this again")
        for resource in stack.of_type("AWS::RDS::DBInstance"):
            new = synthesized[name].resources.get(resource.logical_id, {}) if name in synthesized else {}
            properties = new.get("Properties", {})
            versions = resource.properties.get("EngineVersion"), properties.get("EngineVersion")
            if all(versions) and versions[0] != versions[1] and properties.get("ApplyImmediately") is False:
                raise CommandError(
                    f"the database's major version changes from {versions[0]} to {versions[1]}, and would wait for the "
                    "maintenance window, while CloudFormation already deletes the old parameters: set "
                    "database.apply_immediately=True for this deployment. It interrupts the database, and only a "
                    "restored snapshot leads back"
                )


def _lift_protections(
    environment: DeployedEnvironment, stack: DeployedStack, new: SynthesizedStack | None
) -> Iterator[DeployedResource]:
    """Switches off what would make the deployment fail, or leave a resource behind. Yields these resources."""
    failed = stack.status in CREATION_FAILED
    if failed and stack.is_protected:
        cloudformation = environment.session.client("cloudformation")
        cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
        print(f"{stack.name}: termination protection is off, because its creation failed and is repeated", flush=True)
    for resource in stack.resources:
        # Not the protection of stored data, which is there to stop such a deployment.
        is_removed = new and resource.type == protections.LOAD_BALANCER and resource.logical_id not in new.resources
        if (failed or is_removed) and protections.lift(environment, resource):
            print(f"{stack.name}: deletion protection of {resource.physical_id} is off", flush=True)
            yield resource


def _cdk(*arguments: str) -> int:
    return subprocess.run(["cdk", *arguments], check=False).returncode
