"""What an environment would contain, and what is there already, for the checks of `make doctor`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from config.environments import DEV, ENVIRONMENTS
from ops.environment import deployed, planned
from ops.environment.assembly import Bootstrap, SynthesizedStack
from ops.environment.stacks import DeployedStack
from tests.support.ops.stubs import Stubs

BOOTSTRAP = Bootstrap(
    version=6, parameter="/cdk-bootstrap/acme/version", bucket="cdk-acme-assets-${AWS::AccountId}-${AWS::Region}"
)


class FakeDev:
    """Stands in for dev: `add` puts resources into its template; `existing` lists the deployed stacks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._resources: dict[str, Any] = {}
        self.existing: list[DeployedStack] = []
        monkeypatch.setattr(planned, "stacks", lambda environment: self.stacks)
        monkeypatch.setattr(deployed, "find_stacks", lambda environment: self.existing)

    @property
    def stacks(self) -> dict[str, SynthesizedStack]:
        return {"data": SynthesizedStack(template={"Resources": self._resources}, bootstrap=BOOTSTRAP)}

    def add(self, type_: str, properties: dict[str, Any] | None = None, *, count: int = 1) -> None:
        """Resources whose logical ids are Thing, Thing1, Thing2, ..."""
        for _ in range(count):
            number = len(self._resources)
            self._resources[f"Thing{number or ''}"] = {"Type": type_, "Properties": properties or {}}

    def add_zones(self, aws: Stubs, *names: str, ids: str = "euc1-az") -> None:
        """Subnets in these zones. The account has the zones a, b and c, whose ids end in 1, 2 and 3."""
        for name in names:
            self.add(planned.SUBNET, {"AvailabilityZone": {"Fn::Join": ["", [{"Ref": "AWS::Region"}, name]]}})
        has_zones(aws, ids)

    def configure(self, **changes: Any) -> None:
        """Changes dev's configuration."""
        self._monkeypatch.setitem(ENVIRONMENTS, DEV.name, replace(DEV, **changes))


def has_zones(aws: Stubs, ids: str = "euc1-az") -> None:
    """The account has the zones a, b and c of eu-central-1."""
    zones = [{"ZoneName": f"eu-central-1{letter}", "ZoneId": f"{ids}{n}"} for n, letter in enumerate("abc", start=1)]
    aws.expect("ec2", "describe_availability_zones", {"AvailabilityZones": zones})


def clear_caches() -> None:
    """Clears what the checks have cached about an environment."""
    for remembers in (deployed.existing_stacks, planned.account_zones, planned._zones_of_default_subnets):
        remembers.cache_clear()
