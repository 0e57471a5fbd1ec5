"""What a deployment of an environment contains, from its synthesized templates, for the checks of `make doctor`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError
from ops.environment.assembly import SynthesizedStack, read_assembly
from ops.environment.deployed import client, existing_stacks
from ops.environment.expected import UNKNOWN, Values

SUBNET = "AWS::EC2::Subnet"


@dataclass(frozen=True, kw_only=True)
class PlannedResource:
    """A resource of a template; `properties` have no intrinsic functions. `is_new` if its stack doesn't have it yet."""

    stack: str
    logical_id: str
    type: str
    properties: Mapping[str, Any]
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class Zone:
    """An availability zone. Its `id` means the same zone in every account, its name need not."""

    name: str
    id: str


@lru_cache(maxsize=1)
def stacks(environment: DeployedEnvironment) -> Mapping[str, SynthesizedStack]:
    """Synthesized once for all checks, for the region of the session. Raises CommandError with the reason if it fails.

    `cdk list` is the CDK's only command that writes an assembly without building the code of functions.
    """
    context = {"env": environment.name, "account": environment.account, "region": environment.session.region_name}
    options = [part for name, value in context.items() if value for part in ("--context", f"{name}={value}")]
    with TemporaryDirectory(prefix="doctor-") as folder:
        process = subprocess.run(
            ["cdk", "list", "--output", folder, *options], check=False, capture_output=True, text=True
        )
        if process.returncode:
            raise CommandError(f"the templates can't be synthesized: {_reason(process.stderr, environment)}")
        return read_assembly(Path(folder))


def _reason(stderr: str, environment: DeployedEnvironment) -> str:
    """The app's own last line; the CDK's command line adds one that only says which command failed."""
    lines = [line for line in stderr.splitlines() if line.strip() and "Subprocess exited with error" not in line]
    return lines[-1] if lines else f"`make synth ENV={environment.name}` shows why"


def resources(environment: DeployedEnvironment, *types: str) -> Iterator[PlannedResource]:
    """The resources of these types in all templates."""
    existing = {
        (stack.name, resource.logical_id) for stack in existing_stacks(environment) for resource in stack.resources
    }
    for name, stack in stacks(environment).items():
        values = _PlannedValues(environment, name)
        for id_, resource in stack.resources.items():
            if resource["Type"] in types:
                yield PlannedResource(
                    stack=name,
                    logical_id=id_,
                    type=resource["Type"],
                    properties=values.resolve(resource.get("Properties", {})),
                    is_new=(name, id_) not in existing,
                )


class _PlannedValues(Values):
    def __init__(self, environment: DeployedEnvironment, stack: str) -> None:
        self._environment = environment
        region = environment.session.region_name
        super().__init__(
            {
                "AWS::Partition": environment.session.get_partition_for_region(region),
                "AWS::Region": region,
                "AWS::AccountId": environment.account or UNKNOWN,
                "AWS::StackName": stack,
            }
        )

    def zones(self, _: Any) -> list[str] | str:
        return _zones_of_default_subnets(self._environment) or [zone.name for zone in account_zones(self._environment)]


@lru_cache(maxsize=1)
def account_zones(environment: DeployedEnvironment) -> list[Zone]:
    """The availability zones that this account may use, by name."""
    filters = [{"Name": "zone-type", "Values": ["availability-zone"]}, {"Name": "state", "Values": ["available"]}]
    found = client(environment, "ec2").describe_availability_zones(Filters=filters)["AvailabilityZones"]
    return sorted((Zone(name=each["ZoneName"], id=each["ZoneId"]) for each in found), key=lambda zone: zone.name)


@lru_cache(maxsize=1)
def _zones_of_default_subnets(environment: DeployedEnvironment) -> list[str]:
    """Fn::GetAZs lists only these, if there are any (AWS CloudFormation User Guide, "Fn::GetAZs")."""
    answer = client(environment, "ec2").describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])
    return sorted(each["AvailabilityZone"] for each in answer["Subnets"])


def zones(environment: DeployedEnvironment) -> list[Zone | None]:
    """The zones of the planned subnets, each once. None stands for one that the account doesn't have."""
    known = {key: zone for zone in account_zones(environment) for key in (zone.name, zone.id)}
    names = [
        subnet.properties.get("AvailabilityZone") or subnet.properties.get("AvailabilityZoneId", UNKNOWN)
        for subnet in resources(environment, SUBNET)
    ]
    return [known.get(name) for name in dict.fromkeys(names)]
