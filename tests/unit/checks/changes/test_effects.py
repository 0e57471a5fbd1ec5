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
        ("AWS::Cognito::UserPool", {"Schema": []}, {"Schema": [{"Name": "team"}]}, UpdateOutcome.IN_PLACE),
        ("AWS::Cognito::UserPool", {"Schema": [{"Name": "team"}]}, {"Schema": []}, UpdateOutcome.REFUSED),
        ("AWS::KMS::Key", {}, {"KeySpec": "SYMMETRIC_DEFAULT", "MultiRegion": False}, UpdateOutcome.IN_PLACE),
        ("AWS::Logs::LogGroup", {}, {"LogGroupClass": "STANDARD"}, UpdateOutcome.IN_PLACE),
        ("AWS::Logs::LogGroup", {}, {"LogGroupClass": "INFREQUENT_ACCESS"}, UpdateOutcome.REFUSED),
        # Part of an identifier is no name.
        (
            "AWS::Lambda::Permission",
            {"FunctionName": "f", "SourceArn": "a"},
            {"SourceArn": "b"},
            UpdateOutcome.REPLACED,
        ),
        ("AWS::WAFv2::IPSet", {"Name": "a", "Scope": "REGIONAL"}, {"Scope": "CLOUDFRONT"}, UpdateOutcome.REPLACED),
        ("Custom::Thing", {"ServiceToken": "a"}, {"ServiceToken": "b"}, UpdateOutcome.REFUSED),
        ("Custom::Thing", {"ServiceToken": "a", "Size": 1}, {"Size": 2}, UpdateOutcome.IN_PLACE),
        (
            "AWS::RDS::DBInstance",
            {"AllocatedStorage": {"Ref": "Size"}},
            {"AllocatedStorage": "9"},
            UpdateOutcome.IN_PLACE,
        ),
        # Blocks of addresses that overlap.
        (
            "AWS::EC2::Subnet",
            {"VpcId": "v", "CidrBlock": "10.0.0.0/24"},
            {"CidrBlock": "10.0.0.0/25"},
            UpdateOutcome.REFUSED,
        ),
        (
            "AWS::EC2::Subnet",
            {"VpcId": "v", "CidrBlock": "10.0.0.0/24"},
            {"CidrBlock": "10.0.1.0/24"},
            UpdateOutcome.REPLACED,
        ),
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
    assert "second deployment" in effect.remedy
    assert _found(_with_user(DATA), Sketch().add("User", "AWS::Lambda::Function"), "Group") == ()


def test_a_removed_stack_still_uses_it_until_it_is_deleted() -> None:
    without = Sketch().changed()
    del without.stacks[APP]
    assert _found(_with_user(APP), without, "Group")[0].remedy == "delete the stack that uses it before"


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
    (effect,) = _found(old, old.changed().put("Group", SubnetIds=[ref("Other")]), "Group")
    assert not effect.certain, "the database may run in the subnet that is taken away"
    assert _found(old, old.changed().put("Group", SubnetIds=[ref("Subnet"), ref("Other")]), "Group") == ()


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


def test_a_refusal_that_depends_on_a_possible_replacement_is_uncertain() -> None:
    old = Sketch().add("It", "AWS::EC2::Subnet", VpcId="vpc", CidrBlock="10.0.0.0/24")
    found = _found(old, old.changed().put("It", Ipv6CidrBlock="2001:db8::/64"), "It")
    assert {effect.outcome for effect in found} == {UpdateOutcome.REPLACED, UpdateOutcome.REFUSED}
    assert not any(effect.certain for effect in found)


RULES = [
    (type_, name)
    for table in (
        service_rules.INTERRUPTIONS,
        service_rules.IMMUTABLE,
        service_rules.NOTES,
        service_rules.UNIQUE_KEYS,
    )
    for type_, rules in table.items()
    for rule in rules
    for name in rule.properties
] + [(type_, name) for type_, rule in service_rules.BOUND_TO_VPC.items() for name in rule.properties]


@pytest.mark.parametrize("type_", dict.fromkeys(type_ for type_, _ in RULES))
def test_every_property_in_the_rules_is_one_of_its_type(type_: str) -> None:
    known = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema["properties"]
    assert {name for of_type, name in RULES if of_type == type_} <= known.keys()


@pytest.mark.parametrize(
    ("type_", "before", "after"),
    [
        ("AWS::Logs::LogGroup", {"RetentionInDays": 90}, {"RetentionInDays": 30}),
        ("AWS::Logs::LogGroup", {}, {"RetentionInDays": 30}),
        (
            "AWS::S3::Bucket",
            {"LifecycleConfiguration": {"Rules": [{"ExpirationInDays": 90}, {"ExpirationInDays": 60}]}},
            {"LifecycleConfiguration": {"Rules": [{"ExpirationInDays": 90}, {"ExpirationInDays": 30}]}},
        ),
        (
            "AWS::S3::Bucket",
            {"LifecycleConfiguration": {"Rules": [{"ExpirationInDays": 30, "Prefix": "a/"}]}},
            {"LifecycleConfiguration": {"Rules": [{"ExpirationInDays": 30, "Prefix": "a/"}, {"ExpirationInDays": 90}]}},
        ),
    ],
)
def test_what_is_kept_for_fewer_days_is_deleted_sooner(
    type_: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    old = Sketch().add("It", type_, **before)
    (effect,) = _found(old, old.changed().put("It", **after), "It")
    assert effect.outcome is UpdateOutcome.IN_PLACE
    assert "are deleted" in effect.text
    assert _found(old.changed().put("It", **after), old, "It") == ()


def test_an_output_of_a_stack_that_is_not_compared_is_read_without_an_effect() -> None:
    sketch = Sketch().add("It", "AWS::SQS::Queue", KmsMasterKeyId=stack_output("Key", "another-stack"))
    assert effects(sketch.templates, sketch.changed().templates) == {}


def test_a_retained_resource_keeps_its_name_after_its_stack_is_updated() -> None:
    def log_group(stack: str) -> Sketch:
        return Sketch().add(
            "Logs", "AWS::Logs::LogGroup", stack=stack, attributes={"DeletionPolicy": "Retain"}, LogGroupName="/log"
        )

    assert _outcome(log_group(DATA), log_group(APP), "Logs", APP) is UpdateOutcome.REFUSED


def test_the_policy_of_a_queue_cannot_move_to_another_logical_id() -> None:
    old, new = (Sketch().add(id_, "AWS::SQS::QueuePolicy", Queues=["queue"]) for id_ in ("Old", "New"))
    assert _outcome(old, new, "New") is UpdateOutcome.REFUSED


def test_two_rules_of_a_listener_cannot_swap_their_priorities() -> None:
    rule = "AWS::ElasticLoadBalancingV2::ListenerRule"
    old = Sketch().add("One", rule, ListenerArn="x", Priority=1).add("Two", rule, ListenerArn="x", Priority=2)
    swapped = old.changed().put("One", Priority=2).put("Two", Priority=1)
    assert _outcome(old, swapped, "One") is UpdateOutcome.REFUSED
    assert _outcome(old, old.changed().put("One", Priority=3), "One") is UpdateOutcome.IN_PLACE


def test_roles_of_later_stacks_lose_a_policy_that_is_removed_or_replaced() -> None:
    policy = "AWS::IAM::ManagedPolicy"
    old = Sketch().add("Policy", policy, Description="a").output("Arn", ref("Policy"))
    old.add("Role", "AWS::IAM::Role", stack=APP, ManagedPolicyArns=[stack_output("Arn")])
    without = Sketch().add("Role", "AWS::IAM::Role", stack=APP)
    (removed,) = _found(old, without, "Policy")
    assert (removed.outcome, removed.is_solved_by_keeping) == (UpdateOutcome.INTERRUPTION, True)
    assert _outcome(old, old.changed().put("Policy", Description="b"), "Policy") is UpdateOutcome.REPLACED


def test_a_replaced_association_leaves_its_subnet_without_its_routes_meanwhile() -> None:
    type_ = "AWS::EC2::SubnetRouteTableAssociation"
    old = Sketch().add("It", type_, SubnetId="s", RouteTableId="a")
    outcomes = {effect.outcome for effect in _found(old, old.changed().put("It", RouteTableId="b"), "It")}
    assert outcomes == {UpdateOutcome.REPLACED, UpdateOutcome.INTERRUPTION}


def test_a_static_parameter_is_noted() -> None:
    old = Sketch().add("It", "AWS::RDS::DBParameterGroup", Parameters={"max_connections": "100"})
    (effect,) = _found(old, old.changed().put("It", Parameters={"max_connections": "200"}), "It")
    assert "only at the next restart" in effect.text
