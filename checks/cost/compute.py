"""Prices of instances and functions."""

from collections.abc import Iterator, Mapping
from typing import Any

from checks.cost.instance_types import hours
from checks.cost.load import HOURS
from checks.cost.subject import Charge, Subject
from checks.templates import ResourceId

GROUP = "AWS::AutoScaling::AutoScalingGroup"
FUNCTION = "AWS::Lambda::Function"
DETAILED_METRICS = 7  # of an instance (Amazon CloudWatch pricing)
SECONDS = HOURS * 3600


def auto_scaling_group(subject: Subject) -> Iterator[Charge]:
    """All its instances as On-Demand Instances of the first type. Spot Instances cost less."""
    group = subject.properties
    running = subject.load.scaled(float(group["MinSize"]), float(group["MaxSize"]))
    described = _described(subject)
    overrides = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("Overrides", [])
    types = [one["InstanceType"] for one in (*overrides, described) if "InstanceType" in one]
    yield hours("ec2", types[0] if types else "unknown", running)
    yield Charge("gp3-volume-gb", running / HOURS * _volume_gb(described))
    if described.get("Monitoring", {}).get("Enabled"):
        yield Charge("custom-metric", running / HOURS * DETAILED_METRICS)


def warm_pool(subject: Subject) -> Iterator[Charge]:
    """Stopped instances cost their volumes only."""
    for group in subject.referenced(GROUP):
        yield Charge("gp3-volume-gb", float(subject.properties.get("MinSize", 0)) * _volume_gb(_described(group)))


def _described(group: Subject) -> Mapping[str, Any]:
    """The instances' settings in the launch template; empty if the group has none."""
    templates = group.referenced("AWS::EC2::LaunchTemplate")
    return next((one.properties["LaunchTemplateData"] for one in templates), {})


def _volume_gb(described: Mapping[str, Any]) -> float:
    return sum(float(device["Ebs"]["VolumeSize"]) for device in described.get("BlockDeviceMappings", []))


def function(subject: Subject) -> Iterator[Charge]:
    """A function that gets messages is called for each object. The others run too seldom to count."""
    gb = subject.properties.get("MemorySize", 128) / 1024
    if subject.properties.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions":
        yield Charge("lambda-snapstart-gb-second", gb * SECONDS)
    if _gets_messages(subject):
        calls = subject.load.objects
        yield Charge("lambda-million-calls", calls / 1e6)
        yield Charge(f"lambda-{_architecture(subject)}-gb-second", calls * subject.load.seconds_per_object * gb)


def alias(subject: Subject) -> Iterator[Charge]:
    """Provisioned concurrency, if it has any."""
    ready = subject.properties.get("ProvisionedConcurrencyConfig", {}).get("ProvisionedConcurrentExecutions", 0)
    for of in subject.referenced(FUNCTION):
        gb = of.properties.get("MemorySize", 128) / 1024
        yield Charge(f"lambda-{_architecture(of)}-provisioned-gb-second", ready * gb * SECONDS)


def _gets_messages(subject: Subject) -> bool:
    """Whether an event source mapping calls it, directly or through an alias."""
    targets: set[ResourceId] = {subject.id, *(one.id for one in subject.referring("AWS::Lambda::Alias"))}
    return any(
        reference.resource_id in targets
        for id_, mapping in subject.templates.resources("AWS::Lambda::EventSourceMapping").items()
        for reference in subject.templates.references(mapping["Properties"]["FunctionName"], id_.stack)
    )


def _architecture(subject: Subject) -> str:
    return str(next(iter(subject.properties.get("Architectures", ())), "x86_64"))
