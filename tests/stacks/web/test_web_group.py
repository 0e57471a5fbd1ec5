"""What the group of web instances promises: it follows its load, and each instance is whole before it serves."""

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


def test_an_ill_instance_gets_no_visitor_after_a_minute(every_environment: Synthesized) -> None:
    targets = every_environment.only("Web", TARGETS)
    has("the target group", {"Matcher": {"HttpCode": "200"}} | targets, {"Matcher": {"HttpCode": "200"}})
    seconds = targets["HealthCheckIntervalSeconds"] * targets.get("UnhealthyThresholdCount", 2)
    assert seconds <= 60, f"UnhealthyThresholdCount: an instance that fails gets visitors for {seconds} s more"


def test_the_root_disk_is_encrypted_large_enough_and_goes_with_its_instance(every_environment: Synthesized) -> None:
    """Under another name the mapping makes a second disk, and the root stays as the image has it.

    Source: Amazon Linux 2023 User Guide, "AL2023 on Amazon EC2" (/dev/xvda, 8 GiB).
    """
    (mapping,) = _template(every_environment)["BlockDeviceMappings"]
    has("the root disk", mapping, {"DeviceName": "/dev/xvda"})
    disk = {"DeleteOnTermination": True} | mapping["Ebs"]
    has("the root disk", disk, {"DeleteOnTermination": True, "Encrypted": True})
    assert disk["VolumeSize"] >= 10, f"the root disk: VolumeSize is {disk['VolumeSize']} GiB, the image alone takes 8"


def test_the_group_hears_of_its_load_within_minutes_and_shrinks_again(every_environment: Synthesized) -> None:
    """Basic monitoring measures every five minutes; an instance that is protected stays, needed or not."""
    has("instances", _template(every_environment), {"Monitoring": {"Enabled": True}})
    group = every_environment.only("Web", GROUP)
    kept = {"NewInstancesProtectedFromScaleIn": False}
    has("the group", kept | group, kept)
    has("the group", group, {"MetricsCollection": [{"Granularity": "1Minute"}]})
    warm = group["DefaultInstanceWarmup"]
    assert 60 <= warm <= 600, f"the group: DefaultInstanceWarmup is {warm} s, must be 60 to 600"
    for id_, policy in every_environment.resources("Web", "AWS::AutoScaling::ScalingPolicy").items():
        shrinks = {"DisableScaleIn": False} | policy["Properties"]["TargetTrackingConfiguration"]
        has(id_, shrinks, {"DisableScaleIn": False})


def test_the_group_grows_to_the_maximum_of_the_configuration(every_environment: Synthesized) -> None:
    web = web_of(every_environment)
    wanted = {"MinSize": str(web.min_instances), "MaxSize": str(web.max_instances)}
    has("the group", every_environment.only("Web", GROUP), wanted)


def test_no_more_instances_run_at_once_than_are_reckoned_with(every_environment: Synthesized) -> None:
    """Addresses in the subnets and connections of the database are reckoned for that many (config/web.py)."""
    group, web = every_environment.only("Web", GROUP), web_of(every_environment)
    percent = group["InstanceMaintenancePolicy"]["MaxHealthyPercentage"]
    most = ceil(int(group["MaxSize"]) * percent / 100)
    assert most <= web.most_instances, (
        f"the group: MaxHealthyPercentage {percent} allows {most}, not {web.most_instances}"
    )


def test_an_update_gives_an_instance_the_time_that_its_first_deployment_does(every_environment: Synthesized) -> None:
    (group,) = every_environment.resources("Web", GROUP).values()
    first = group["CreationPolicy"]["ResourceSignal"]["Timeout"]
    has("the group's update", group["UpdatePolicy"]["AutoScalingRollingUpdate"], {"PauseTime": first})


MOST_REQUESTS = 6000  # a minute: a hundred a second keep one process on one processor busy


def test_the_group_grows_before_an_instance_has_more_to_do_than_one_process_can(every_environment: Synthesized) -> None:
    for id_, policy in every_environment.resources("Web", "AWS::AutoScaling::ScalingPolicy").items():
        tracked = policy["Properties"]["TargetTrackingConfiguration"]
        if tracked["PredefinedMetricSpecification"]["PredefinedMetricType"] == "ALBRequestCountPerTarget":
            most = tracked["TargetValue"]
            assert most <= MOST_REQUESTS, (
                f"{id_}: TargetValue is {most} requests a minute, must be {MOST_REQUESTS} or less"
            )


def test_instances_learn_from_their_metadata_who_they_are(every_environment: Synthesized) -> None:
    """Without it they have no credentials: no asset, no log, no session."""
    options = {"HttpEndpoint": "enabled"} | _template(every_environment)["MetadataOptions"]
    has("instances", options, {"HttpEndpoint": "enabled"})


def test_no_instance_starts_before_it_may_fetch_the_app(every_environment: Synthesized) -> None:
    (group,) = every_environment.resources("Web", GROUP).values()
    policies = {id_ for id_ in every_environment.resources("Web", "AWS::IAM::ManagedPolicy") if "Identity" in id_}
    assert policies
    early = policies - set(group.get("DependsOn", []))
    assert not early, f"the group does not wait for {early}"


def test_people_hear_of_every_instance_that_comes_goes_or_fails_to(every_environment: Synthesized) -> None:
    (notification,) = every_environment.only("Web", GROUP)["NotificationConfigurations"]
    kinds = {f"autoscaling:EC2_INSTANCE_{what}{error}" for what in ("LAUNCH", "TERMINATE") for error in ("", "_ERROR")}
    missed = kinds - set(notification["NotificationTypes"])
    assert not missed, f"nobody hears of {missed}: NotificationTypes lack them"
