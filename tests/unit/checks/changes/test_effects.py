"""A changed resource is updated in place, with an interruption, replaced, or refused, by schemas and service rules."""

from collections.abc import Mapping
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from checks.changes import service_rules
from checks.changes.deployment import Effect, UpdateOutcome
from checks.changes.effects import effects, worst
from tests.support.changes_sketch import APP, DATA, Sketch, att, ref, resource_id, stack_output

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
TARGETS = "AWS::ElasticLoadBalancingV2::TargetGroup"
GROUP = "AWS::AutoScaling::AutoScalingGroup"
PROXY: Mapping[str, Any] = {"DBProxyName": "proxy", "VpcSubnetIds": ["one"], "Auth": []}
DATABASE: Mapping[str, Any] = {"AllocatedStorage": "100", "EngineVersion": "17", "AllowMajorVersionUpgrade": True}


def _found(old: Sketch, new: Sketch, id_: str, stack: str = DATA) -> tuple[Effect, ...]:
    return effects(old.templates, new.templates).get(resource_id(id_, stack), ())


def _outcome(old: Sketch, new: Sketch, id_: str, stack: str = DATA) -> UpdateOutcome:
    return worst(_found(old, new, id_, stack))


def _of_change(type_: str, before: Mapping[str, Any], **after: Any) -> UpdateOutcome:
    old = Sketch().add("It", type_, **before)
    return _outcome(old, old.changed().put("It", **after), "It")


@pytest.mark.parametrize(
    ("type_", "before", "after", "outcome"),
    [
        ("AWS::SQS::Queue", {"DelaySeconds": 1}, {"DelaySeconds": 2}, UpdateOutcome.IN_PLACE),
        ("AWS::SQS::Queue", {"FifoQueue": False}, {"FifoQueue": True}, UpdateOutcome.REPLACED),
        # A custom name and a create-only property.
        ("AWS::RDS::DBProxy", PROXY, {"VpcSubnetIds": ["one", "two"]}, UpdateOutcome.REFUSED),
        ("AWS::RDS::DBProxy", PROXY, {"VpcSubnetIds": ["two"], "DBProxyName": "other"}, UpdateOutcome.REPLACED),
        ("AWS::SQS::Queue", {"QueueName": "q", "FifoQueue": False}, {"FifoQueue": True}, UpdateOutcome.REFUSED),
        ("AWS::Events::Archive", {"ArchiveName": "a", "SourceArn": "x"}, {"SourceArn": "y"}, UpdateOutcome.REFUSED),
        # Unique values that belong to the old one until it is deleted.
        (
            "AWS::EC2::Subnet",
            {"VpcId": "vpc", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "a"},
            {"AvailabilityZone": "b"},
            UpdateOutcome.REFUSED,
        ),
        ("AWS::EC2::NatGateway", {"AllocationId": "eip", "SubnetId": "a"}, {"SubnetId": "b"}, UpdateOutcome.REFUSED),
        ("AWS::EC2::NatGateway", {"AllocationId": "a", "SubnetId": "a"}, {"AllocationId": "b"}, UpdateOutcome.REPLACED),
        (
            "AWS::EC2::SubnetRouteTableAssociation",
            {"SubnetId": "s", "RouteTableId": "a"},
            {"RouteTableId": "b"},
            UpdateOutcome.REPLACED,
        ),
        # Create-only, with no replacement possible.
        ("AWS::KMS::Key", {"MultiRegion": False}, {"MultiRegion": True}, UpdateOutcome.REFUSED),
        (
            "AWS::Cognito::UserPool",
            {"UsernameAttributes": ["email"]},
            {"UsernameAttributes": []},
            UpdateOutcome.REFUSED,
        ),
        ("AWS::Cognito::UserPool", {"MfaConfiguration": "ON"}, {"MfaConfiguration": "OFF"}, UpdateOutcome.IN_PLACE),
        ("AWS::RDS::DBInstance", DATABASE, {"AllocatedStorage": "50"}, UpdateOutcome.REFUSED),
        ("AWS::RDS::DBInstance", DATABASE, {"AllocatedStorage": "200"}, UpdateOutcome.IN_PLACE),
        ("AWS::RDS::DBInstance", DATABASE, {"EngineVersion": "16.4"}, UpdateOutcome.REFUSED),
        ("AWS::RDS::DBInstance", DATABASE, {"EngineVersion": "18"}, UpdateOutcome.INTERRUPTION),
        ("AWS::RDS::DBInstance", DATABASE, {"EngineVersion": "17.4"}, UpdateOutcome.INTERRUPTION),
        (
            "AWS::RDS::DBInstance",
            DATABASE,
            {"EngineVersion": "18", "AllowMajorVersionUpgrade": False},
            UpdateOutcome.REFUSED,
        ),
        ("AWS::RDS::DBInstance", DATABASE, {"EngineVersion": "18", "ApplyImmediately": False}, UpdateOutcome.REFUSED),
        ("AWS::RDS::DBInstance", DATABASE, {"DBInstanceClass": "db.m6g.large"}, UpdateOutcome.INTERRUPTION),
        ("AWS::RDS::DBInstance", DATABASE, {"MultiAZ": True}, UpdateOutcome.IN_PLACE),
        ("AWS::RDS::DBInstance", DATABASE, {"StorageEncrypted": True}, UpdateOutcome.REPLACED),
    ],
)
def test_the_outcome_follows_from_the_type_and_the_property(
    type_: str, before: Mapping[str, Any], after: Mapping[str, Any], outcome: UpdateOutcome
) -> None:
    assert _of_change(type_, before, **after) is outcome


def test_a_logical_id_cannot_change_its_type() -> None:
    old = Sketch().add("It", "AWS::SQS::Queue")
    assert _outcome(old, Sketch().add("It", "AWS::SNS::Topic"), "It") is UpdateOutcome.REFUSED


def test_a_name_is_taken_until_the_old_resource_is_deleted() -> None:
    old = Sketch().add("Old", "AWS::Logs::LogGroup", LogGroupName="/log")
    new = Sketch().add("New", "AWS::Logs::LogGroup", LogGroupName="/log")
    (effect,) = _found(old, new, "New")
    assert effect.outcome is UpdateOutcome.REFUSED
    assert effect.detail == f"LogGroupName /log, of {DATA}/Old"
    assert _found(old, Sketch().add("New", "AWS::Logs::LogGroup", LogGroupName="/other"), "New") == ()


def test_a_name_is_free_once_an_earlier_stack_is_updated() -> None:
    def log_group(stack: str) -> Sketch:
        return Sketch().add("Logs", "AWS::Logs::LogGroup", stack=stack, LogGroupName="/log")

    assert _found(log_group(DATA), log_group(APP), "Logs", APP) == ()
    assert _outcome(log_group(APP), log_group(DATA), "Logs") is UpdateOutcome.REFUSED


def test_a_name_that_contains_the_id_of_the_stack_is_another_one_in_another_stack() -> None:
    def log_group(stack: str) -> Sketch:
        name = {"Fn::Sub": "/log/${AWS::StackId}"}
        return Sketch().add("Logs", "AWS::Logs::LogGroup", stack=stack, LogGroupName=name)

    assert _found(log_group(APP), log_group(DATA), "Logs") == ()


def test_unique_values_of_something_new_are_free() -> None:
    old = Sketch().add("Vpc", "AWS::EC2::VPC", CidrBlock="10.0.0.0/16")
    old.add("Subnet", "AWS::EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.0.0/24")
    new = old.changed().put("Vpc", CidrBlock="10.1.0.0/16")
    assert _outcome(old, new, "Subnet") is UpdateOutcome.REPLACED


def _balanced(scheme: str, balancer: str = "Balancer") -> Sketch:
    return (
        Sketch()
        .add(balancer, BALANCER, Scheme=scheme)
        .add("Targets", TARGETS)
        .add("Listener", LISTENER, LoadBalancerArn=ref(balancer), DefaultActions=[{"TargetGroupArn": ref("Targets")}])
    )


def test_a_target_group_cannot_belong_to_the_old_and_the_new_load_balancer() -> None:
    old = _balanced("internal")
    assert _outcome(old, _balanced("internet-facing"), "Targets") is UpdateOutcome.REFUSED
    assert _outcome(old, _balanced("internal", "Other"), "Targets") is UpdateOutcome.REFUSED
    assert _found(old, _balanced("internal").put("Targets", HealthCheckPath="/"), "Targets") == ()


def test_a_target_group_of_a_rule_counts_too() -> None:
    def through_rule(scheme: str) -> Sketch:
        sketch = _balanced(scheme).put("Listener", DefaultActions=[{"Type": "fixed-response"}])
        actions = [{"TargetGroupArn": ref("Targets")}]
        rule = "AWS::ElasticLoadBalancingV2::ListenerRule"
        return sketch.add("Rule", rule, ListenerArn=ref("Listener"), Actions=actions)

    assert _outcome(through_rule("internal"), through_rule("internet-facing"), "Targets") is UpdateOutcome.REFUSED


@pytest.mark.parametrize(
    ("type_", "properties"),
    [
        ("AWS::RDS::DBInstance", {"DeletionProtection": True}),
        ("AWS::Cognito::UserPool", {"DeletionProtection": "ACTIVE"}),
        (BALANCER, {"LoadBalancerAttributes": [{"Key": "deletion_protection.enabled", "Value": "true"}]}),
    ],
)
def test_protection_makes_a_deletion_fail_unless_the_resource_is_retained(
    type_: str, properties: Mapping[str, Any]
) -> None:
    (effect,) = _found(Sketch().add("It", type_, **properties), Sketch(), "It")
    assert effect.outcome is UpdateOutcome.REFUSED
    assert "deletion protection" in effect.text
    retained = Sketch().add("It", type_, attributes={"DeletionPolicy": "Retain"}, **properties)
    assert _found(retained, Sketch(), "It") == ()
    assert _found(Sketch().add("It", type_), Sketch(), "It") == ()


def test_a_bucket_with_objects_cannot_be_deleted() -> None:
    assert _outcome(Sketch().add("It", "AWS::S3::Bucket"), Sketch(), "It") is UpdateOutcome.REFUSED


def _with_user(stack: str) -> Sketch:
    sketch = (
        Sketch().add("Group", "AWS::EC2::SecurityGroup", GroupDescription="a").output("Id", att("Group", "GroupId"))
    )
    user = ref("Group") if stack == DATA else stack_output("Id")
    return sketch.add("User", "AWS::Lambda::Function", stack=stack, VpcConfig={"SecurityGroupIds": [user]})


def test_what_a_later_stack_still_uses_cannot_be_deleted_yet() -> None:
    without = Sketch().add("User", "AWS::Lambda::Function", stack=APP)
    effect = _found(_with_user(APP), without, "Group")[0]
    assert effect.outcome is UpdateOutcome.REFUSED
    assert effect.detail == APP
    assert "second deployment" in effect.instead
    assert _found(_with_user(DATA), Sketch().add("User", "AWS::Lambda::Function"), "Group") == ()


def test_a_removed_stack_still_uses_it_until_it_is_deleted() -> None:
    without = Sketch().changed()
    del without.stacks[APP]
    assert _found(_with_user(APP), without, "Group")[0].instead == "delete the stack that uses it before"


def test_a_reader_of_a_removed_output_is_refused() -> None:
    old = _with_user(APP)
    new = old.changed()
    del new.stacks[DATA]["Outputs"]["Id"]
    assert _outcome(old, new, "User", APP) is UpdateOutcome.REFUSED


def test_a_subnet_group_and_a_load_balancer_cannot_move_to_another_vpc() -> None:
    old = Sketch().add("Vpc", "AWS::EC2::VPC", CidrBlock="10.0.0.0/16")
    old.add("Subnet", "AWS::EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.0.0/24")
    old.add("Other", "AWS::EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.1.0/24")
    old.add("Group", "AWS::RDS::DBSubnetGroup", SubnetIds=[ref("Subnet")])
    old.add("Balancer", BALANCER, Subnets=[ref("Subnet")])
    moved = old.changed().put("Vpc", CidrBlock="10.1.0.0/16")
    for id_ in ("Group", "Balancer"):
        assert _outcome(old, moved, id_) is UpdateOutcome.REFUSED
    assert _outcome(old, old.changed().put("Group", SubnetIds=[ref("Other")]), "Group") is UpdateOutcome.IN_PLACE


def _group(update_policy: Mapping[str, Any], size: str) -> Sketch:
    template = {"LaunchTemplateId": ref("Template"), "Version": att("Template", "LatestVersionNumber")}
    sketch = Sketch().add("Template", "AWS::EC2::LaunchTemplate", LaunchTemplateData={"InstanceType": size})
    return sketch.add("Group", GROUP, attributes={"UpdatePolicy": update_policy}, LaunchTemplate=template)


@pytest.mark.parametrize(
    ("policy", "outcome", "text"),
    [
        ({"AutoScalingRollingUpdate": {"MinInstancesInService": 2}}, UpdateOutcome.IN_PLACE, "at least 2 serve"),
        ({"AutoScalingRollingUpdate": {"MinInstancesInService": 0}}, UpdateOutcome.INTERRUPTION, "at least 0 serve"),
        ({}, UpdateOutcome.IN_PLACE, "instances that run stay as they are"),
    ],
)
def test_another_launch_template_replaces_instances_by_the_update_policy(
    policy: Mapping[str, Any], outcome: UpdateOutcome, text: str
) -> None:
    (effect,) = _found(_group(policy, "a"), _group(policy, "b"), "Group")
    assert effect.outcome is outcome
    assert text in effect.text
    assert _found(_group(policy, "a"), _group(policy, "a"), "Group") == ()


def test_a_group_is_replaced_only_if_its_update_policy_says_so() -> None:
    def in_subnet(subnet: str, policy: Mapping[str, Any]) -> Sketch:
        return Sketch().add("Group", GROUP, attributes={"UpdatePolicy": policy}, VPCZoneIdentifier=[subnet])

    replacing: Mapping[str, Any] = {"AutoScalingReplacingUpdate": {"WillReplace": True}}
    assert _outcome(in_subnet("a", replacing), in_subnet("b", replacing), "Group") is UpdateOutcome.REPLACED
    assert _outcome(in_subnet("a", {}), in_subnet("b", {}), "Group") is UpdateOutcome.IN_PLACE


def test_more_addresses_than_the_default_quota_may_be_refused() -> None:
    def addresses(count: int) -> Sketch:
        sketch = Sketch()
        for number in range(count):
            sketch.add(f"Address{number}", "AWS::EC2::EIP")
        return sketch

    assert _outcome(addresses(5), addresses(6), "Address5") is UpdateOutcome.REFUSED
    assert effects(addresses(6).templates, addresses(6).templates) == {}
    assert effects(addresses(1).templates, addresses(5).templates) == {}


def test_a_change_that_may_replace_is_not_certain_to_be_refused_either() -> None:
    old = Sketch().add("It", "AWS::EC2::Subnet", VpcId="vpc", CidrBlock="10.0.0.0/24")
    found = _found(old, old.changed().put("It", Ipv6CidrBlock="2001:db8::/64"), "It")
    assert {effect.outcome for effect in found} == {UpdateOutcome.REPLACED, UpdateOutcome.REFUSED}
    assert not any(effect.certain for effect in found)


RULES = [
    (type_, name)
    for table in (service_rules.INTERRUPTIONS, service_rules.IMMUTABLE, service_rules.UNIQUE_KEYS)
    for type_, rules in table.items()
    for rule in rules
    for name in rule.properties
] + [(type_, name) for type_, rule in service_rules.BOUND_TO_VPC.items() for name in rule.properties]


@pytest.mark.parametrize("type_", dict.fromkeys(type_ for type_, _ in RULES))
def test_every_property_in_the_rules_is_one_of_its_type(type_: str) -> None:
    known = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema["properties"]
    assert {name for of_type, name in RULES if of_type == type_} <= known.keys()
