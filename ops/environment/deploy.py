"""Deploys an environment. What is new gets its deletion protection only when everything is there.

CloudFormation deletes what a failed deployment created. If that is protected, the rollback fails too, and termination
protection stops the next attempt. So the first of two runs of `cdk deploy` creates without protection, and the second
switches it on. Without anything new and protected, only the second runs. A failed deployment can be repeated.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError
from ops.environment import protections
from ops.environment.stacks import DeployedResource, DeployedStack, find_stacks

ASSEMBLY = Path("cdk.out")
# The CDK's command line deletes a stack in this state, and creates it again.
CREATION_FAILED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED")


@dataclass(frozen=True, kw_only=True)
class SynthesizedStack:
    """A stack of the cloud assembly."""

    resources: Mapping[str, Any]
    termination_protection: bool = False
    account: str = ""  # empty if it is that of the credentials

    @property
    def protected(self) -> list[str]:
        """The logical ids of its protected resources."""
        return [
            id_
            for id_, resource in self.resources.items()
            if protections.template_protects(resource["Type"], resource.get("Properties", {}))
        ]


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
    _require_account(environment, synthesized.values())
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


def read_assembly(folder: Path) -> dict[str, SynthesizedStack]:
    """The stacks in a cloud assembly, by name."""
    artifacts = json.loads((folder / "manifest.json").read_text())["artifacts"].values()
    return {
        artifact["properties"]["stackName"]: SynthesizedStack(
            resources=json.loads((folder / artifact["properties"]["templateFile"]).read_text()).get("Resources", {}),
            termination_protection=artifact["properties"].get("terminationProtection", False),
            account=_account(artifact.get("environment", "")),
        )
        for artifact in artifacts
        if artifact["type"] == "aws:cloudformation:stack"
    }


def _account(target: str) -> str:
    """The account in the target of a stack, `aws://account/region`; empty if the template leaves it open."""
    account = target.removeprefix("aws://").partition("/")[0]
    return account if account.isdigit() else ""


def _require_account(environment: DeployedEnvironment, stacks: Iterable[SynthesizedStack]) -> None:
    """Raises CommandError if the credentials are for another account: there, every stack would seem to be new."""
    wanted = {stack.account for stack in stacks} - {""}
    if wanted and (actual := environment.session.client("sts").get_caller_identity()["Account"]) not in wanted:
        raise CommandError(
            f"{environment.name} is in the account {', '.join(sorted(wanted))}, and the credentials of this shell are "
            f"for {actual}: sign in to that account"
        )


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
