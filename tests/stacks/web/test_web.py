"""The Web stack, whether internal or public."""

import json
from dataclasses import replace
from typing import Any

import pytest

from config.environments import PROD, PROD_WEB
from config.web import OnDemandInstances, WithSpotInstances
from tests.support.promises import has
from tests.support.synthesis import Synthesized, shipped, synthesize
from tests.support.web.variants import PUBLIC, web_of

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
TARGETS = "AWS::ElasticLoadBalancingV2::TargetGroup"
GROUP = "AWS::AutoScaling::AutoScalingGroup"
SPOT = WithSpotInstances(types=("m7g.large", "m6g.large", "c7g.large"), on_demand_base=2, spot_percent=75)


def _with_capacity(capacity: OnDemandInstances | WithSpotInstances, *, warm: int = 0) -> Synthesized:
    return synthesize(replace(PROD, web=replace(PROD_WEB, capacity=capacity, warm_instances=warm)))


def _template(synthesized: Synthesized) -> dict[str, Any]:
    data: dict[str, Any] = synthesized.only("Web", "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]
    return data


def _statements(synthesized: Synthesized) -> list[dict[str, Any]]:
    return synthesized.statements_of("Web", "WebIdentity")


def test_an_internal_load_balancer_has_no_public_address(every_environment: Synthesized) -> None:
    balancer = every_environment.only("Web", BALANCER)
    has("the load balancer", balancer, {"Scheme": "internal"})
    assert len(balancer["Subnets"]) == 3
    assert all("VpcAppSubnet" in json.dumps(subnet) for subnet in balancer["Subnets"])


def test_an_internal_load_balancer_is_reached_from_the_app_subnets_only(every_environment: Synthesized) -> None:
    sources = {
        rule["CidrIp"]
        for group in every_environment.resources("Web", "AWS::EC2::SecurityGroup").values()
        for rule in group["Properties"].get("SecurityGroupIngress", [])
    }
    app = str(every_environment.environment.network.addresses.blocks()["app"])
    assert sources == {app}, f"the load balancer allows {sources}, must allow only the app tier ({app})"


def test_only_the_load_balancer_reaches_the_instances(every_environment: Synthesized) -> None:
    rules = [
        rule["Properties"]
        for rule in every_environment.resources("Web", "AWS::EC2::SecurityGroupIngress").values()
        if "InstancesSecurityGroup" in json.dumps(rule["Properties"]["GroupId"])
    ]
    groups = every_environment.resources("Web", "AWS::EC2::SecurityGroup").items()
    (inline,) = (group["Properties"].get("SecurityGroupIngress", []) for id_, group in groups if "Instances" in id_)
    assert not inline, f"the instances' security group admits {inline}"
    assert [(rule["FromPort"], rule["ToPort"]) for rule in rules] == [(8080, 8080)]
    assert "LoadBalancerSecurityGroup" in json.dumps(rules[0]["SourceSecurityGroupId"])


def test_the_load_balancer_drops_invalid_headers_and_logs_requests(every_environment: Synthesized) -> None:
    balancer = every_environment.only("Web", BALANCER)
    attributes = {attribute["Key"]: attribute["Value"] for attribute in balancer["LoadBalancerAttributes"]}
    protected = web_of(every_environment).deletion_protection
    wanted = {
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "routing.http.desync_mitigation_mode": "strictest",
        "deletion_protection.enabled": str(protected).lower(),
    }
    has("the load balancer", attributes, wanted)
    has("the load balancer", attributes, {"access_logs.s3.enabled": "true", "access_logs.s3.prefix": "alb"})
    landing_bucket = every_environment.only("Data", "AWS::S3::Bucket")
    assert attributes["access_logs.s3.bucket"] == landing_bucket["LoggingConfiguration"]["DestinationBucketName"]
    written = json.dumps(every_environment.only("Foundation", "AWS::S3::BucketPolicy"))
    for kind in ("access_logs", "connection_logs"):
        has("the load balancer", attributes, {f"{kind}.s3.enabled": "true"})
        assert f"/{attributes[f'{kind}.s3.prefix']}/AWSLogs/" in written, f"the log bucket does not allow {kind}"


def test_the_load_balancer_closes_idle_connections_before_the_app_does(every_environment: Synthesized) -> None:
    balancer = every_environment.only("Web", BALANCER)
    attributes = {attribute["Key"]: attribute["Value"] for attribute in balancer["LoadBalancerAttributes"]}
    idle = int(attributes["idle_timeout.timeout_seconds"])
    assert idle < 75, f"idle_timeout.timeout_seconds is {idle}, must be less than the app's 75"


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_load_balancers_of_staging_and_prod_have_deletion_protection(name: str) -> None:
    balancer = shipped(name).only("Web", BALANCER)
    attributes = {attribute["Key"]: attribute["Value"] for attribute in balancer["LoadBalancerAttributes"]}
    has(f"the load balancer of {name}", attributes, {"deletion_protection.enabled": "true"})


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_staging_and_prod_have_at_least_two_instances(name: str) -> None:
    least = int(shipped(name).only("Web", GROUP)["MinSize"])
    assert least >= 2, f"the group of {name} has a MinSize of {least}, must have 2 or more to survive a zone's failure"


def test_instances_run_in_the_app_subnets_of_all_zones(every_environment: Synthesized) -> None:
    subnets = [json.dumps(subnet) for subnet in every_environment.only("Web", GROUP)["VPCZoneIdentifier"]]
    assert len(set(subnets)) == 3
    for subnet in subnets:
        assert "VpcAppSubnet" in subnet, f"instances are in {subnet}"


def test_targets_have_a_health_check_a_slow_start_and_a_deregistration_delay(every_environment: Synthesized) -> None:
    targets = every_environment.only("Web", TARGETS)
    attributes = {attribute["Key"]: attribute["Value"] for attribute in targets["TargetGroupAttributes"]}
    wanted = {"slow_start.duration_seconds": "30", "deregistration_delay.timeout_seconds": "30"}
    has("the target group", attributes, wanted)
    has("the target group", targets, {"HealthCheckPath": "/healthz", "HealthCheckIntervalSeconds": 15})


def test_instances_have_no_key_no_public_address_and_imdsv2(every_environment: Synthesized) -> None:
    data = _template(every_environment)
    has("instances", data["MetadataOptions"], {"HttpPutResponseHopLimit": 1, "HttpTokens": "required"})
    assert "KeyName" not in data, f"instances have the KeyName {data['KeyName']}"
    assert "NetworkInterfaces" not in data, f"instances have NetworkInterfaces of their own: {data}"
    (volume,) = data["BlockDeviceMappings"]
    has("instances' disks", volume["Ebs"], {"Encrypted": True, "VolumeType": "gp3"})


def test_instances_launch_from_the_newest_image_for_their_architecture(every_environment: Synthesized) -> None:
    image = _template(every_environment)["ImageId"]
    assert image.startswith("resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-")
    assert image.endswith(every_environment.environment.runtime.architecture)


def test_a_deployment_waits_for_signals_of_its_instances(every_environment: Synthesized) -> None:
    ((group_id, group),) = every_environment.resources("Web", GROUP).items()
    web = web_of(every_environment)
    has("the group", group["CreationPolicy"]["ResourceSignal"], {"Count": web.min_instances})
    update = group["UpdatePolicy"]["AutoScalingRollingUpdate"]
    has("the group's update", update, {"WaitOnResourceSignals": True, "MinInstancesInService": web.min_instances})
    assert web.min_instances < int(group["Properties"]["MaxSize"])
    assert {"HealthCheck", "ReplaceUnhealthy", "AZRebalance", "AlarmNotification"} <= set(update["SuspendProcesses"])
    script = json.dumps(_template(every_environment)["UserData"])
    assert f"--resource {group_id}" in script, "the boot script sends no cfn-signal for the group"


def test_a_deployment_sets_no_desired_capacity(every_environment: Synthesized) -> None:
    group = every_environment.only("Web", GROUP)
    assert "DesiredCapacity" not in group, f"each deployment sets the DesiredCapacity to {group['DesiredCapacity']}"


def test_the_group_replaces_unhealthy_and_expired_instances_and_reports_it(every_environment: Synthesized) -> None:
    group = every_environment.only("Web", GROUP)
    has("the group", group, {"HealthCheckType": "ELB", "MaxInstanceLifetime": 30 * 24 * 3600})
    # A replacement is in service before the old instance is terminated.
    has("the group", group["InstanceMaintenancePolicy"], {"MinHealthyPercentage": 100})
    (notification,) = group["NotificationConfigurations"]
    assert "AlertsTopic" in json.dumps(notification["TopicARN"])
    assert len(group["VPCZoneIdentifier"]) == 3


def test_the_group_scales_on_requests_and_cpu(every_environment: Synthesized) -> None:
    policies = [p["Properties"] for p in every_environment.resources("Web", "AWS::AutoScaling::ScalingPolicy").values()]
    targets = {
        policy["TargetTrackingConfiguration"]["PredefinedMetricSpecification"]["PredefinedMetricType"]: policy[
            "TargetTrackingConfiguration"
        ]["TargetValue"]
        for policy in policies
    }
    requests = web_of(every_environment).requests_per_minute
    has("scaling targets", targets, {"ASGAverageCPUUtilization": 20, "ALBRequestCountPerTarget": requests})
    assert len(targets) == len(policies) == 2


def test_on_demand_instances_have_several_types_in_order_of_preference() -> None:
    policy = _with_capacity(OnDemandInstances(types=("m7g.large", "m6g.large"))).only("Web", GROUP)[
        "MixedInstancesPolicy"
    ]
    assert [each["InstanceType"] for each in policy["LaunchTemplate"]["Overrides"]] == ["m7g.large", "m6g.large"]
    assert policy["InstancesDistribution"] == {
        "OnDemandAllocationStrategy": "prioritized",
        "OnDemandPercentageAboveBaseCapacity": 100,
    }


def test_spot_instances_have_an_on_demand_base_and_capacity_rebalancing() -> None:
    group = _with_capacity(SPOT).only("Web", GROUP)
    assert group["CapacityRebalance"] is True
    distribution = group["MixedInstancesPolicy"]["InstancesDistribution"]
    assert distribution["OnDemandBaseCapacity"] == 2
    assert distribution["OnDemandPercentageAboveBaseCapacity"] == 25
    assert distribution["SpotAllocationStrategy"] == "price-capacity-optimized"


def test_a_warm_pool_never_serves_an_old_release() -> None:
    synthesized = _with_capacity(OnDemandInstances(types=("m7g.large",)), warm=2)
    pool = synthesized.only("Web", "AWS::AutoScaling::WarmPool")
    assert (pool["MinSize"], pool["MaxGroupPreparedCapacity"]) == (2, 2)
    (group,) = synthesized.resources("Web", GROUP).values()
    assert group["UpdatePolicy"]["AutoScalingReplacingUpdate"] == {"WillReplace": True}
    assert "AutoScalingRollingUpdate" not in group["UpdatePolicy"]


def test_instances_fetch_exactly_one_asset_and_read_nothing_else(every_environment: Synthesized) -> None:
    reading = [one for one in _statements(every_environment) if "s3:GetObject" in json.dumps(one["Action"])]
    for read in reading:
        assert "*" not in json.dumps(read["Resource"]), f"instances read {json.dumps(read['Resource'])}"
    (read,) = reading
    assert "assets" in json.dumps(read["Resource"])


def test_a_change_of_exposure_moves_no_target_group_to_another_load_balancer() -> None:
    """AWS refuses a target group that two load balancers have, as it would be while one replaces the other."""
    types = ("AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::TargetGroup")
    internal, public = (
        {id_ for type_ in types for id_ in synthesized.resources("Web", type_)}
        for synthesized in (shipped("prod"), synthesize(PUBLIC))
    )
    assert len(internal) == len(public) == len(types)
    assert internal.isdisjoint(public), f"both exposures have {internal & public}"


def test_instances_write_files_only_to_the_landing_prefix(every_environment: Synthesized) -> None:
    (put,) = (one for one in _statements(every_environment) if one["Action"] == "s3:PutObject")
    where = json.dumps(put["Resource"])
    assert where.endswith('"/incoming/*"]]}'), f"instances write files to {where}, must be only incoming/"
    (key,) = (one for one in _statements(every_environment) if "kms:" in json.dumps(one["Action"]))
    assert set(key["Action"]) == {"kms:GenerateDataKey", "kms:Decrypt"}
    assert "KeysData" in json.dumps(key["Resource"])
    assert json.dumps(key["Condition"]["StringEquals"]["kms:ViaService"]).startswith('{"Fn::Join": ["", ["s3."')


def test_instances_connect_as_the_read_only_role(every_environment: Synthesized) -> None:
    (connect,) = (one for one in _statements(every_environment) if one["Action"] == "rds-db:connect")
    assert json.dumps(connect["Resource"]).count('/web"') == 1


def test_instances_use_all_resources_only_for_metrics_sessions_and_the_list_of_log_groups(
    every_environment: Synthesized,
) -> None:
    everywhere = [one for one in _statements(every_environment) if one["Resource"] == "*"]
    (metrics,) = (one for one in everywhere if "cloudwatch:PutMetricData" in one["Action"])
    environment = every_environment.environment
    ours = {"cloudwatch:namespace": f"{environment.project}-{environment.name}"}
    has("instances' metrics", metrics, {"Condition": {"StringEquals": ours}, "Action": "cloudwatch:PutMetricData"})
    others = {action for one in everywhere if one is not metrics for action in one["Action"]}
    # A look-up, without which Session Manager's agent refuses a shell that is logged into an encrypted group.
    assert {action for action in others if action.split(":")[0] not in ("ssm", "ssmmessages")} == {
        "logs:DescribeLogGroups"
    }


def test_browsers_may_upload_only_from_the_apps_own_address(every_environment: Synthesized) -> None:
    (rule,) = every_environment.only("Data", "AWS::S3::Bucket")["CorsConfiguration"]["CorsRules"]
    origins = list(web_of(every_environment).exposure.origins)
    has("the landing bucket", rule, {"AllowedMethods": ["POST"], "AllowedOrigins": origins})
    assert "*" not in rule["AllowedOrigins"]


def test_the_boot_script_fits_into_user_data(every_environment: Synthesized) -> None:
    """At most 16 KB (Amazon EC2 User Guide, "Run commands when you launch an EC2 instance with user data input")."""
    assert len(json.dumps(_template(every_environment)["UserData"])) < 12 * 1024
