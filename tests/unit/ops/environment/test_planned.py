"""What a deployment contains is read from the templates that the CDK synthesizes, also before there is any stack."""

from __future__ import annotations

import subprocess

import pytest

from ops.common.errors import CommandError
from ops.environment import planned
from tests.support.ops.environment import deployed_stack, resource
from tests.support.ops.fake_dev import FakeDev, has_zones
from tests.support.ops.stubs import Stubs

ZONE_OF_REGION = {"AvailabilityZone": {"Fn::Select": [1, {"Fn::GetAZs": ""}]}}


def test_templates_that_cannot_be_synthesized_are_an_error_with_the_apps_own_words(
    aws: Stubs, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        errors = "Configuration: region must be ...\npython3 app.py: Subprocess exited with error 1\n"
        return subprocess.CompletedProcess(command, 1, stderr=errors)

    monkeypatch.setattr(subprocess, "run", run)
    planned.stacks.cache_clear()
    with pytest.raises(CommandError, match=r"can't be synthesized: Configuration: region must be \.\.\.$"):
        planned.stacks(aws.environment())
    contexts = [word for word in asked[0] if "=" in word]
    assert contexts == ["env=dev", "account=111122223333", "region=eu-central-1"]


def test_only_what_a_stack_lacks_is_new(aws: Stubs, dev: FakeDev) -> None:
    dev.add("AWS::EC2::EIP", count=2)
    dev.existing = [deployed_stack("data", resource("AWS::EC2::EIP"))]
    assert [each.is_new for each in planned.resources(aws.environment(), "AWS::EC2::EIP")] == [False, True]


@pytest.mark.parametrize(
    ("with_default_subnet", "zones"), [([], ["eu-central-1b"]), (["eu-central-1c", "eu-central-1a"], ["eu-central-1c"])]
)
def test_an_open_zone_is_one_that_cloudformation_would_choose(
    aws: Stubs, dev: FakeDev, with_default_subnet: list[str], zones: list[str]
) -> None:
    dev.add(planned.SUBNET, ZONE_OF_REGION, count=2)
    has_zones(aws)
    aws.expect("ec2", "describe_subnets", {"Subnets": [{"AvailabilityZone": zone} for zone in with_default_subnet]})
    assert [zone.name for zone in planned.zones(aws.environment()) if zone] == zones


def test_a_zone_that_cloudformation_would_not_find_is_none(aws: Stubs, dev: FakeDev) -> None:
    dev.add(planned.SUBNET, ZONE_OF_REGION)
    has_zones(aws)
    aws.expect("ec2", "describe_subnets", {"Subnets": [{"AvailabilityZone": "eu-central-1a"}]})
    assert planned.zones(aws.environment()) == [None]


def test_zones_can_be_named_by_id(aws: Stubs, dev: FakeDev) -> None:
    dev.add(planned.SUBNET, {"AvailabilityZoneId": "euc1-az3"})
    has_zones(aws)
    assert planned.zones(aws.environment()) == [planned.Zone(name="eu-central-1c", id="euc1-az3")]
