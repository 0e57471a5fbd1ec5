"""What the Web stack promises."""

import json

from tests.synthesis import Synthesized


def test_an_internal_load_balancer_has_no_public_address(every_environment: Synthesized) -> None:
    balancer = every_environment.only("Web", "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert balancer["Scheme"] == "internal"
    assert len(balancer["Subnets"]) == 3
    assert all("VpcAppSubnet" in json.dumps(subnet) for subnet in balancer["Subnets"])


def test_the_load_balancer_is_reached_from_the_app_subnets_only(every_environment: Synthesized) -> None:
    sources = {
        rule["CidrIp"]
        for group in every_environment.resources("Web", "AWS::EC2::SecurityGroup").values()
        for rule in group["Properties"].get("SecurityGroupIngress", [])
    }
    assert sources == {str(every_environment.environment.network.addresses.blocks()["app"])}


def test_nothing_reaches_an_instance_but_the_load_balancer(every_environment: Synthesized) -> None:
    rules = [
        rule["Properties"]
        for rule in every_environment.resources("Web", "AWS::EC2::SecurityGroupIngress").values()
        if "InstanceSecurityGroup" in json.dumps(rule["Properties"]["GroupId"])
    ]
    assert [(rule["FromPort"], rule["ToPort"]) for rule in rules] == [(8080, 8080)]
    assert "LoadBalancerSecurityGroup" in json.dumps(rules[0]["SourceSecurityGroupId"])


def test_the_load_balancer_drops_what_looks_wrong_and_logs_the_rest(every_environment: Synthesized) -> None:
    balancer = every_environment.only("Web", "AWS::ElasticLoadBalancingV2::LoadBalancer")
    attributes = {attribute["Key"]: attribute["Value"] for attribute in balancer["LoadBalancerAttributes"]}
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert attributes["routing.http.desync_mitigation_mode"] == "strictest"
    assert attributes["access_logs.s3.enabled"] == "true"
    protected = every_environment.environment.web.deletion_protection
    assert attributes["deletion_protection.enabled"] == str(protected).lower()


def test_instances_have_no_key_no_public_address_and_imdsv2(every_environment: Synthesized) -> None:
    data = every_environment.only("Web", "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]
    assert data["MetadataOptions"] == {"HttpPutResponseHopLimit": 1, "HttpTokens": "required"}
    assert "KeyName" not in data
    assert "NetworkInterfaces" not in data
    (volume,) = data["BlockDeviceMappings"]
    assert volume["Ebs"]["Encrypted"] is True
    assert volume["Ebs"]["VolumeType"] == "gp3"


def test_the_image_is_the_newest_of_the_right_processor_when_an_instance_starts(every_environment: Synthesized) -> None:
    image = every_environment.only("Web", "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]["ImageId"]
    assert image.startswith("resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-")
    assert image.endswith(every_environment.environment.platform.architecture)


def test_a_release_counts_when_its_instances_say_so(every_environment: Synthesized) -> None:
    (group,) = every_environment.resources("Web", "AWS::AutoScaling::AutoScalingGroup").values()
    web = every_environment.environment.web
    assert group["CreationPolicy"]["ResourceSignal"]["Count"] == web.min_instances
    update = group["UpdatePolicy"]["AutoScalingRollingUpdate"]
    assert update["WaitOnResourceSignals"] is True
    assert update["MinInstancesInService"] == web.min_instances < int(group["Properties"]["MaxSize"])
    assert "DesiredCapacity" not in group["Properties"]
    user_data = json.dumps(every_environment.only("Web", "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]["UserData"])
    (group_id,) = every_environment.resources("Web", "AWS::AutoScaling::AutoScalingGroup")
    assert f"--resource {group_id}" in user_data


def test_the_group_replaces_what_the_load_balancer_finds_unhealthy(every_environment: Synthesized) -> None:
    group = every_environment.only("Web", "AWS::AutoScaling::AutoScalingGroup")
    assert group["HealthCheckType"] == "ELB"
    assert every_environment.only("Web", "AWS::ElasticLoadBalancingV2::TargetGroup")["HealthCheckPath"] == "/healthz"


def test_instances_fetch_exactly_one_asset(every_environment: Synthesized) -> None:
    statements = every_environment.only("Web", "AWS::IAM::ManagedPolicy")["PolicyDocument"]["Statement"]
    (read,) = (statement for statement in statements if "s3:GetObject" in json.dumps(statement["Action"]))
    assert "*" not in json.dumps(read["Resource"])


def test_instances_connect_as_the_role_that_only_reads(every_environment: Synthesized) -> None:
    statements = every_environment.only("Web", "AWS::IAM::ManagedPolicy")["PolicyDocument"]["Statement"]
    (connect,) = (statement for statement in statements if statement["Action"] == "rds-db:connect")
    assert json.dumps(connect["Resource"]).count('/web"') == 1
