"""Deletion protection is read, and lifted without any other change."""

from __future__ import annotations

from typing import Any

import pytest

from ops.environment import protections
from tests.support.ops.environment import resource
from tests.support.ops.stubs import Stubs

INSTANCE = "AWS::RDS::DBInstance"
CLUSTER = "AWS::RDS::DBCluster"
LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
USER_POOL = "AWS::Cognito::UserPool"
ATTRIBUTE = {"Key": "deletion_protection.enabled", "Value": "true"}

ANSWERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    INSTANCE: ("rds", "describe_db_instances", {"DBInstances": [{"DeletionProtection": True}]}),
    CLUSTER: ("rds", "describe_db_clusters", {"DBClusters": [{"DeletionProtection": True}]}),
    LOAD_BALANCER: ("elbv2", "describe_load_balancer_attributes", {"Attributes": [ATTRIBUTE]}),
    USER_POOL: ("cognito-idp", "describe_user_pool", {"UserPool": {"Id": "thing", "DeletionProtection": "ACTIVE"}}),
}
LIFTED: dict[str, tuple[str, dict[str, Any]]] = {
    INSTANCE: (
        "modify_db_instance",
        {"DBInstanceIdentifier": "thing", "DeletionProtection": False, "ApplyImmediately": True},
    ),
    CLUSTER: (
        "modify_db_cluster",
        {"DBClusterIdentifier": "thing", "DeletionProtection": False, "ApplyImmediately": True},
    ),
    LOAD_BALANCER: (
        "modify_load_balancer_attributes",
        {"LoadBalancerArn": "thing", "Attributes": [ATTRIBUTE | {"Value": "false"}]},
    ),
}
WANTED: dict[str, dict[str, Any]] = {
    INSTANCE: {"DeletionProtection": True},
    CLUSTER: {"DeletionProtection": "true"},
    LOAD_BALANCER: {"LoadBalancerAttributes": [ATTRIBUTE]},
    USER_POOL: {"DeletionProtection": "ACTIVE"},
}


@pytest.mark.parametrize("type_", sorted(LIFTED))
def test_a_protection_that_is_on_is_lifted(aws: Stubs, type_: str) -> None:
    service, method, answer = ANSWERS[type_]
    aws.expect(service, method, answer)
    modify, asked = LIFTED[type_]
    aws.expect(service, modify, {}, asked)
    assert protections.lift(aws.environment(), resource(type_)) is True


def test_lifting_that_of_a_user_pool_keeps_its_other_settings(aws: Stubs) -> None:
    """UpdateUserPool resets what it isn't given."""
    pool = {
        "Id": "thing",
        "Name": "people",
        "DeletionProtection": "ACTIVE",
        "MfaConfiguration": "ON",
        "EstimatedNumberOfUsers": 3,
        "EmailVerificationSubject": "hello",
        "VerificationMessageTemplate": {"EmailSubject": "hello"},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True, "UnusedAccountValidityDays": 7},
    }
    for _ in range(2):
        aws.expect("cognito-idp", "describe_user_pool", {"UserPool": dict(pool)})
    asked = {
        "UserPoolId": "thing",
        "DeletionProtection": "INACTIVE",
        "MfaConfiguration": "ON",
        "PoolName": "people",
        "VerificationMessageTemplate": {"EmailSubject": "hello"},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
    }
    aws.expect("cognito-idp", "update_user_pool", {}, asked)
    assert protections.lift(aws.environment(), resource(USER_POOL)) is True


def test_a_protection_that_is_off_is_left_alone(aws: Stubs) -> None:
    aws.expect("rds", "describe_db_instances", {"DBInstances": [{"DeletionProtection": False}]})
    assert protections.lift(aws.environment(), resource(INSTANCE)) is False


def test_a_resource_that_is_gone_already_has_no_protection(aws: Stubs) -> None:
    aws.refuse("rds", "describe_db_instances", "DBInstanceNotFound")
    assert protections.lift(aws.environment(), resource(INSTANCE)) is False


@pytest.mark.parametrize("type_", sorted(WANTED))
def test_the_template_says_whether_a_resource_is_protected(type_: str) -> None:
    assert protections.is_wanted(resource(type_, WANTED[type_]))
    assert not protections.is_wanted(resource(type_))


def test_every_protection_has_these_tests() -> None:
    assert protections.PROTECTIONS.keys() == ANSWERS.keys() == WANTED.keys() == {*LIFTED, USER_POOL}
