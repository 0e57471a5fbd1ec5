"""What would stop the web instances from starting is found before a deployment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from config.environments import DEV_WEB
from config.web import WithSpotInstances
from ops.common.check import SkippedError
from ops.web import doctor
from tests.support.ops.environment import tags
from tests.support.ops.fake_dev import FakeDev
from tests.support.ops.stubs import AT, Stubs

TYPE = DEV_WEB.capacity.types[0]
SPOT = WithSpotInstances(types=("m7g.large", "m6g.large", "c7g.large"), on_demand_base=1, spot_percent=50)
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1"
IMAGE = "/aws/service/ami-amazon-linux-latest/al2023"


def test_without_web_pages_nothing_is_checked(aws: Stubs, dev: FakeDev) -> None:
    dev.configure(web=None)
    for check in doctor.CHECKS:
        with pytest.raises(SkippedError, match="dev has no"):
            list(check.problems(aws.environment()))


@pytest.mark.parametrize(("offered", "lacking"), [("ab", []), ("a", ["eu-central-1b"])])
def test_a_zone_without_the_instance_types_is_a_problem(
    aws: Stubs, dev: FakeDev, offered: str, lacking: list[str]
) -> None:
    offerings = [{"InstanceType": TYPE, "Location": f"eu-central-1{letter}"} for letter in offered]
    aws.expect("ec2", "describe_instance_type_offerings", {"InstanceTypeOfferings": offerings})
    dev.add_zones(aws, "a", "b")
    problems = list(doctor.instance_types_are_offered(aws.environment()))
    assert [problem.partition(" offers none of ")[0] for problem in problems] == lacking


def running(type_: str, **more: Any) -> dict[str, Any]:
    return {"InstanceType": type_, "CpuOptions": {"CoreCount": 2, "ThreadsPerCore": 2}, **more}


def processor_problems(aws: Stubs, *instances: dict[str, Any], quota: float) -> list[str]:
    aws.expect("ec2", "describe_instance_types", {"InstanceTypes": [{"VCpuInfo": {"DefaultVCpus": 2}}]})
    aws.expect("ec2", "describe_instances", {"Reservations": [{"Instances": list(instances)}]})
    aws.expect("service-quotas", "get_service_quota", {"Quota": {"Value": quota}})
    return list(doctor.vcpus_suffice(aws.environment()))


def test_too_few_vcpus_for_the_largest_group_are_a_problem(aws: Stubs, dev: FakeDev) -> None:
    needed = DEV_WEB.most_instances * 2
    assert processor_problems(aws, quota=needed) == []
    (problem,) = processor_problems(aws, quota=needed - 1)
    assert f"--quota-code L-1216C47A --desired-value {needed}`" in problem


def test_only_other_instances_of_the_same_quota_are_counted(aws: Stubs, dev: FakeDev) -> None:
    others = [running("g5.xlarge"), running("hpc7g.4xlarge"), running(TYPE, InstanceLifecycle="spot")]
    ours = running(TYPE, Tags=tags("dev"))
    (problem,) = processor_problems(aws, *others, ours, running("m5.xlarge"), quota=4)
    assert "the account uses 4" in problem


def test_spot_instances_have_another_quota(aws: Stubs, dev: FakeDev) -> None:
    dev.configure(web=replace(DEV_WEB, capacity=SPOT, max_instances=3))
    (problem,) = processor_problems(aws, quota=0)
    assert "needs 6 more" in problem  # three of four instances: the base, and half of the rest


@pytest.mark.parametrize("exists", [True, False])
def test_a_missing_image_is_a_problem(aws: Stubs, dev: FakeDev, exists: bool) -> None:
    dev.add("AWS::EC2::LaunchTemplate", {"LaunchTemplateData": {"ImageId": f"resolve:ssm:{IMAGE}"}})
    if exists:
        aws.expect("ssm", "get_parameter", {"Parameter": {"Value": "ami-1"}}, {"Name": IMAGE})
    else:
        aws.refuse("ssm", "get_parameter", "ParameterNotFound")
    problems = list(doctor.image_is_readable(aws.environment()))
    assert [f"this region has no image {IMAGE}" in problem for problem in problems] == [True] * (not exists)


def key_problems(aws: Stubs, *, manager: str, policy: str = "{}", grantee: str = "") -> list[str]:
    aws.expect("ec2", "get_ebs_default_kms_key_id", {"KmsKeyId": KEY})
    aws.expect("kms", "describe_key", {"KeyMetadata": {"KeyId": "1", "Arn": KEY, "KeyManager": manager}})
    if manager == "CUSTOMER":
        aws.expect("kms", "get_key_policy", {"Policy": policy})
        grants = [{"GranteePrincipal": grantee, "CreationDate": AT}] if grantee else []
        aws.expect("kms", "list_grants", {"Grants": grants})
    return list(doctor.disks_can_be_encrypted(aws.environment()))


@pytest.mark.parametrize(
    "key",
    [
        {"manager": "AWS"},
        {"manager": "CUSTOMER", "policy": '{"kms:ViaService": "ec2.eu-central-1.amazonaws.com"}'},
        {"manager": "CUSTOMER", "grantee": "arn:aws:iam::111122223333:role/a/AWSServiceRoleForAutoScaling"},
    ],
)
def test_a_disk_key_that_auto_scaling_may_use_is_no_problem(aws: Stubs, dev: FakeDev, key: dict[str, str]) -> None:
    assert key_problems(aws, **key) == []


def test_a_disk_key_that_is_not_for_auto_scaling_is_a_problem(aws: Stubs, dev: FakeDev) -> None:
    (problem,) = key_problems(aws, manager="CUSTOMER")
    assert f"aws kms create-grant --key-id {KEY} --grantee-principal arn:aws:iam::111122223333:role/" in problem
