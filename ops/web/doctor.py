"""Checks that the account can start the web instances, and that the domain of public pages is ready."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import ceil

from config.environments import named
from config.web import WebConfig, WithSpotInstances
from ops.common.check import Check, SkippedError
from ops.common.environment import DeployedEnvironment
from ops.environment import planned, quotas
from ops.environment.deployed import client
from ops.environment.stacks import belongs
from ops.web import domain

_BY_PARAMETER = "resolve:ssm:"
# The families in the quota "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", which counts vCPUs
# (Amazon EC2 User Guide, "Amazon EC2 instance type quotas").
_STANDARD = re.compile(r"([acdhimrtz]|im|is)\d")
_STANDARD_QUOTA = ("ec2", "L-1216C47A")
_ROLE = "AWSServiceRoleForAutoScaling"


def instance_types_are_offered(environment: DeployedEnvironment) -> Iterator[str]:
    """Each zone of the network offers at least one of the instance types."""
    types = _web(environment).capacity.types
    pages = (
        client(environment, "ec2")
        .get_paginator("describe_instance_type_offerings")
        .paginate(LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": list(types)}])
    )
    offered = {each["Location"] for page in pages for each in page["InstanceTypeOfferings"]}
    for zone in planned.zones(environment):
        if zone and zone.name not in offered:
            yield (
                f"{zone.name} offers none of {', '.join(types)}: add a type to web.capacity.types, or leave the zone "
                f"out of network.zones (config/environments.py); `aws ec2 describe-instance-type-offerings "
                f"--location-type availability-zone --filters Name=location,Values={zone.name}` lists its types"
            )


def vcpus_suffice(environment: DeployedEnvironment) -> Iterator[str]:
    """The account may run as many on-demand vCPUs as the group may have at its largest."""
    web = _web(environment)
    types = [each for each in web.capacity.types if _STANDARD.match(each)]
    if not types:
        raise SkippedError(f"{', '.join(web.capacity.types)} have quotas of their own")
    ec2 = client(environment, "ec2")
    described = ec2.describe_instance_types(InstanceTypes=types)["InstanceTypes"]
    needed = _on_demand(web) * max(each["VCpuInfo"]["DefaultVCpus"] for each in described)
    running = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    others = [
        instance["CpuOptions"]["CoreCount"] * instance["CpuOptions"]["ThreadsPerCore"]
        for page in ec2.get_paginator("describe_instances").paginate(Filters=running)
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
        if _STANDARD.match(instance["InstanceType"])
        and "InstanceLifecycle" not in instance  # neither spot nor scheduled
        and not belongs(environment, instance.get("Tags", []))
    ]
    service, code = _STANDARD_QUOTA
    yield from quotas.exceeded(
        environment, "vCPUs of on-demand instances", service=service, code=code, used=sum(others), more=needed
    )


def _on_demand(web: WebConfig) -> int:
    """How many of its instances are on demand while instances are replaced."""
    if not isinstance(web.capacity, WithSpotInstances):
        return web.most_instances
    above_base = web.most_instances - web.capacity.on_demand_base
    return web.capacity.on_demand_base + ceil(above_base * (100 - web.capacity.spot_percent) / 100)


def image_is_readable(environment: DeployedEnvironment) -> Iterator[str]:
    """The region has the image that instances start from."""
    _web(environment)
    ssm = client(environment, "ssm")
    for template in planned.resources(environment, "AWS::EC2::LaunchTemplate"):
        image = str(template.properties["LaunchTemplateData"].get("ImageId", ""))
        if image.startswith(_BY_PARAMETER):
            parameter = image.removeprefix(_BY_PARAMETER)
            try:
                ssm.get_parameter(Name=parameter)
            except ssm.exceptions.ParameterNotFound:
                yield (
                    f"this region has no image {parameter}: use another region, or another runtime.architecture; "
                    f"`aws ssm get-parameters-by-path --path {parameter.rpartition('/')[0]}` lists its images"
                )


def disks_can_be_encrypted(environment: DeployedEnvironment) -> Iterator[str]:
    """Auto Scaling may use the key that encrypts the account's disks; otherwise no instance starts.

    Source: Amazon EC2 Auto Scaling User Guide, "Required AWS KMS key policy for use with encrypted volumes".
    """
    _web(environment)
    key, kms = client(environment, "ec2").get_ebs_default_kms_key_id()["KmsKeyId"], client(environment, "kms")
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    if metadata["KeyManager"] == "AWS":
        return
    policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    grants = kms.list_grants(KeyId=key)["Grants"]
    # A policy like that of AWS's own key lets everybody in the account use it through EC2.
    if _ROLE in policy or "kms:ViaService" in policy or any(_ROLE in each["GranteePrincipal"] for each in grants):
        return
    partition, account = metadata["Arn"].split(":")[1], metadata["Arn"].split(":")[4]
    role = f"arn:{partition}:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/{_ROLE}"
    yield (
        f"the key {key}, which encrypts this account's new disks, is not for Auto Scaling: `aws kms create-grant "
        f"--key-id {key} --grantee-principal {role} --operations Encrypt Decrypt ReEncryptFrom ReEncryptTo "
        "GenerateDataKey GenerateDataKeyWithoutPlaintext DescribeKey CreateGrant`"
    )


def _web(environment: DeployedEnvironment) -> WebConfig:
    """Raises SkippedError if the environment has no web pages."""
    web = named(environment.name).web
    if web is None:
        raise SkippedError(f"{environment.name} has no web pages")
    return web


CHECKS = (
    Check(name="the zones offer the instance types of the web pages", problems=instance_types_are_offered),
    Check(name="the quota of vCPUs suffices for the web instances", problems=vcpus_suffice),
    Check(name="the region has the image of the web instances", problems=image_is_readable),
    Check(name="the web instances can use the account's disk encryption key", problems=disks_can_be_encrypted),
    Check(name="the hosted zone of the web pages is ready", problems=domain.hosted_zone_contains_domain),
    Check(name="the domain of the web pages is free", problems=domain.domain_is_free),
    Check(name="AWS may issue the certificate of the web pages", problems=domain.certificate_can_be_issued),
    Check(name="the prefix of the sign-in page is free", problems=domain.sign_in_prefix_is_free),
)
