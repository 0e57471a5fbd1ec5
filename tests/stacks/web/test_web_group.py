"""The Auto Scaling group follows its load, and an instance is complete before it serves requests."""

from math import ceil
from typing import Any

from tests.support.promises import has
from tests.support.synthesis import Synthesized
from tests.support.web.variants import web_of

TARGETS = "AWS::ElasticLoadBalancingV2::TargetGroup"
GROUP = "AWS::AutoScaling::AutoScalingGroup"


def _template(synthesized: Synthesized) -> dict[str, Any]:
    data: dict[str, Any] = synthesized.only("Web", "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]
    return data


def test_an_unhealthy_instance_gets_no_requests_after_a_minute(every_environment: Synthesized) -> None:
    targets = every_environment.only("Web", TARGETS)
    has("the target group", {"Matcher": {"HttpCode": "200"}} | targets, {"Matcher": {"HttpCode": "200"}})
    seconds = targets["HealthCheckIntervalSeconds"] * targets.get("UnhealthyThresholdCount", 2)
    assert seconds <= 60, (
        f"UnhealthyThresholdCount: an unhealthy instance gets requests for {seconds} s, must be 60 or less"
    )


def test_the_root_disk_is_encrypted_large_enough_and_deleted_with_its_instance(every_environment: Synthesized) -> None:
    """With another device name the mapping creates a second disk, and the root disk stays as in the image.

    Source: Amazon Linux 2023 User Guide, "AL2023 on Amazon EC2" (/dev/xvda, 8 GiB).
    """
    (mapping,) = _template(every_environment)["BlockDeviceMappings"]
    has("the root disk", mapping, {"DeviceName": "/dev/xvda"})
    disk = {"DeleteOnTermination": True} | mapping["Ebs"]
    has("the root disk", disk, {"DeleteOnTermination": True, "Encrypted": True})
    assert disk["VolumeSize"] >= 10, (
        f"the root disk: VolumeSize is {disk['VolumeSize']} GiB, must be 10 or more, the image needs 8"
    )


def test_the_group_measures_load_every_minute_and_can_scale_in(every_environment: Synthesized) -> None:
    """Basic monitoring measures every five minutes. Instances that are protected from scale-in are never removed."""
    has("instances", _template(every_environment), {"Monitoring": {"Enabled": True}})
    group = every_environment.only("Web", GROUP)
    unprotected = {"NewInstancesProtectedFromScaleIn": False}
    has("the group", unprotected | group, unprotected)
    has("the group", group, {"MetricsCollection": [{"Granularity": "1Minute"}]})
    warm = group["DefaultInstanceWarmup"]
    assert 60 <= warm <= 600, f"the group: DefaultInstanceWarmup is {warm} s, must be 60 to 600"
    for id_, policy in every_environment.resources("Web", "AWS::AutoScaling::ScalingPolicy").items():
        shrinks = {"DisableScaleIn": False} | policy["Properties"]["TargetTrackingConfiguration"]
        has(id_, shrinks, {"DisableScaleIn": False})


def test_the_group_has_the_configured_minimum_and_maximum_size(every_environment: Synthesized) -> None:
    web = web_of(every_environment)
    wanted = {"MinSize": str(web.min_instances), "MaxSize": str(web.max_instances)}
    has("the group", every_environment.only("Web", GROUP), wanted)


def test_no_more_instances_run_at_once_than_the_configuration_counts(every_environment: Synthesized) -> None:
    """Subnet addresses and database connections are counted for that many (config/web.py)."""
    group, web = every_environment.only("Web", GROUP), web_of(every_environment)
    percent = group["InstanceMaintenancePolicy"]["MaxHealthyPercentage"]
    most = ceil(int(group["MaxSize"]) * percent / 100)
    assert most <= web.most_instances, (
        f"the group: MaxHealthyPercentage {percent} allows {most}, must allow {web.most_instances} or less"
    )


def test_an_update_waits_for_instances_as_long_as_the_first_deployment(every_environment: Synthesized) -> None:
    (group,) = every_environment.resources("Web", GROUP).values()
    first = group["CreationPolicy"]["ResourceSignal"]["Timeout"]
    has("the group's update", group["UpdatePolicy"]["AutoScalingRollingUpdate"], {"PauseTime": first})


MOST_REQUESTS = 6000  # per minute: a hundred per second keep one process on one processor busy


def test_the_group_scales_out_before_an_instance_is_overloaded(every_environment: Synthesized) -> None:
    for id_, policy in every_environment.resources("Web", "AWS::AutoScaling::ScalingPolicy").items():
        tracked = policy["Properties"]["TargetTrackingConfiguration"]
        if tracked["PredefinedMetricSpecification"]["PredefinedMetricType"] == "ALBRequestCountPerTarget":
            most = tracked["TargetValue"]
            assert most <= MOST_REQUESTS, (
                f"{id_}: TargetValue is {most} requests a minute, must be {MOST_REQUESTS} or less"
            )


def test_the_metadata_service_of_instances_is_enabled(every_environment: Synthesized) -> None:
    """Without it instances have no credentials, so no asset, no log and no session."""
    options = {"HttpEndpoint": "enabled"} | _template(every_environment)["MetadataOptions"]
    has("instances", options, {"HttpEndpoint": "enabled"})


def test_instances_start_after_their_policies_exist(every_environment: Synthesized) -> None:
    (group,) = every_environment.resources("Web", GROUP).values()
    policies = {id_ for id_ in every_environment.resources("Web", "AWS::IAM::ManagedPolicy") if "Identity" in id_}
    assert policies
    early = policies - set(group.get("DependsOn", []))
    assert not early, f"the group does not depend on {early}"


def test_every_launch_and_termination_of_an_instance_is_reported(every_environment: Synthesized) -> None:
    (notification,) = every_environment.only("Web", GROUP)["NotificationConfigurations"]
    kinds = {f"autoscaling:EC2_INSTANCE_{what}{error}" for what in ("LAUNCH", "TERMINATE") for error in ("", "_ERROR")}
    missed = kinds - set(notification["NotificationTypes"])
    assert not missed, f"NotificationTypes lack {missed}"
