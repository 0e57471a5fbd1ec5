"""The checks of stacks and of what is in them; tests/integration/environment/test_verify.py has their other faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ops.common.errors import CommandError
from ops.environment import deployed, drift, verify
from ops.environment.stacks import DeployedResource, DeployedStack
from tests.support.ops.environment import deployed_stack, resource
from tests.support.ops.stubs import AT, Stubs

INSTANCE = "AWS::RDS::DBInstance"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1"


@pytest.fixture
def stacks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[DeployedStack]]:
    """The deployed stacks: tests add stacks to this list."""
    found: list[DeployedStack] = []
    deployed.existing_stacks.cache_clear()
    monkeypatch.setattr(deployed, "find_stacks", lambda environment: found)
    yield found
    deployed.existing_stacks.cache_clear()


def test_a_deployment_that_failed_is_a_problem_with_its_reason(aws: Stubs, stacks: list[DeployedStack]) -> None:
    stacks += [
        deployed_stack("data"),
        deployed_stack("pages", status="UPDATE_ROLLBACK_COMPLETE", status_reason="no quota"),
    ]
    (problem,) = verify.stacks_are_deployed(aws.environment())
    assert problem.startswith("pages is UPDATE_ROLLBACK_COMPLETE (no quota): read its events")
    assert problem.endswith("`make deploy ENV=dev`")


def test_an_environment_without_stacks_is_an_error_that_says_how_to_deploy_it(
    aws: Stubs, stacks: list[DeployedStack]
) -> None:
    assert stacks == []
    with pytest.raises(CommandError, match="dev in eu-central-1 has no stacks: run `make deploy ENV=dev`"):
        list(verify.stacks_are_deployed(aws.environment()))


def test_alarms_without_data_are_no_problem(aws: Stubs, stacks: list[DeployedStack]) -> None:
    stacks.append(deployed_stack("data", resource("AWS::CloudWatch::Alarm")))
    alarm = {"AlarmName": "thing", "StateValue": "INSUFFICIENT_DATA"}
    asked = {"AlarmNames": ["thing"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    aws.expect("cloudwatch", "describe_alarms", {"MetricAlarms": [alarm]}, asked)
    assert list(verify.no_alarm_is_on(aws.environment())) == []


def test_all_alarms_are_asked_for_though_a_call_takes_a_hundred(aws: Stubs, stacks: list[DeployedStack]) -> None:
    stacks.append(deployed_stack("data", *[resource("AWS::CloudWatch::Alarm")] * 101))
    aws.expect("cloudwatch", "describe_alarms", {})
    aws.expect("cloudwatch", "describe_alarms", {"CompositeAlarms": [{"AlarmName": "last", "StateValue": "ALARM"}]})
    (problem,) = verify.no_alarm_is_on(aws.environment())
    assert problem.startswith("last is in ALARM")


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ({"PubliclyAccessible": True, "StorageEncrypted": True}, "has a public address"),
        ({"PubliclyAccessible": False, "StorageEncrypted": False}, "is not encrypted"),
    ],
)
def test_a_database_that_is_public_or_not_encrypted_is_a_problem(
    aws: Stubs, stacks: list[DeployedStack], found: dict[str, Any], problem: str
) -> None:
    stacks.append(deployed_stack("data", resource(INSTANCE, {"StorageEncrypted": True, "PubliclyAccessible": False})))
    aws.expect("rds", "describe_db_instances", {"DBInstances": [found]})
    (said,) = verify.data_is_encrypted_and_private(aws.environment())
    assert problem in said


@pytest.mark.parametrize(
    ("encrypted", "method", "answer"),
    [
        (resource("AWS::SNS::Topic", {"KmsMasterKeyId": KEY}), "sns.get_topic_attributes", {"Attributes": {}}),
        (
            resource("AWS::Logs::LogGroup", {"KmsKeyId": KEY}),
            "logs.describe_log_groups",
            {"logGroups": [{"logGroupName": "thing", "kmsKeyId": f"{KEY}2"}]},
        ),
    ],
)
def test_another_key_than_the_templates_is_a_problem(
    aws: Stubs, stacks: list[DeployedStack], encrypted: DeployedResource, method: str, answer: dict[str, Any]
) -> None:
    stacks.append(deployed_stack("data", encrypted))
    service, _, call = method.partition(".")
    aws.expect(service, call, answer)
    (problem,) = verify.data_is_encrypted_and_private(aws.environment())
    assert f"the template says {KEY}" in problem


def test_a_missing_key_is_a_problem_even_if_the_key_is_one_of_the_same_stack(
    aws: Stubs, stacks: list[DeployedStack]
) -> None:
    """Its ARN can't be known from the template, so every key would match."""
    own_key = {"KmsMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}
    stacks.append(deployed_stack("data", resource("AWS::SNS::Topic", own_key)))
    aws.expect("sns", "get_topic_attributes", {"Attributes": {}})
    (problem,) = verify.data_is_encrypted_and_private(aws.environment())
    assert "is encrypted with no key" in problem


def test_drift_that_cannot_be_detected_is_a_problem(aws: Stubs, stacks: list[DeployedStack]) -> None:
    stacks.append(deployed_stack("data"))
    aws.expect("cloudformation", "detect_stack_drift", {"StackDriftDetectionId": "1"})
    status = {"StackId": "1", "StackDriftDetectionId": "1", "Timestamp": AT}
    failed = {"DetectionStatus": "DETECTION_FAILED", "DetectionStatusReason": "AccessDenied"}
    aws.expect("cloudformation", "describe_stack_drift_detection_status", status | failed)
    aws.expect("cloudformation", "describe_stack_resource_drifts", {"StackResourceDrifts": []})
    (problem,) = drift.nothing_was_changed_by_hand(aws.environment())
    assert "the drift detection of data failed: AccessDenied" in problem


def _database_differs(aws: Stubs, path: str, expected: str, actual: str, instance: dict[str, Any]) -> list[str]:
    """The problems if drift detection finds this one difference of a database instance."""
    aws.expect("cloudformation", "detect_stack_drift", {"StackDriftDetectionId": "1"})
    status = {"StackId": "1", "StackDriftDetectionId": "1", "Timestamp": AT, "DetectionStatus": "DETECTION_COMPLETE"}
    aws.expect("cloudformation", "describe_stack_drift_detection_status", status)
    values = {"PropertyPath": path, "ExpectedValue": expected, "ActualValue": actual, "DifferenceType": "NOT_EQUAL"}
    found = {
        "StackId": "1",
        "LogicalResourceId": "Database",
        "PhysicalResourceId": "thing",
        "ResourceType": INSTANCE,
        "StackResourceDriftStatus": "MODIFIED",
        "PropertyDifferences": [values],
        "Timestamp": AT,
    }
    aws.expect("cloudformation", "describe_stack_resource_drifts", {"StackResourceDrifts": [found]})
    aws.expect("rds", "describe_db_instances", {"DBInstances": [instance]})
    return list(drift.nothing_was_changed_by_hand(aws.environment()))


def test_a_change_that_waits_for_the_maintenance_window_is_no_drift(aws: Stubs, stacks: list[DeployedStack]) -> None:
    stacks.append(deployed_stack("data"))
    pending = {"PendingModifiedValues": {"DBInstanceClass": "db.m6g.large"}}
    assert _database_differs(aws, "/DBInstanceClass", "db.m6g.large", "db.t4g.medium", pending) == []


def test_storage_that_rds_enlarged_is_no_drift(aws: Stubs, stacks: list[DeployedStack]) -> None:
    stacks.append(deployed_stack("data"))
    assert _database_differs(aws, "/AllocatedStorage", "100", "150", {}) == []


def test_another_change_of_a_database_is_drift(aws: Stubs, stacks: list[DeployedStack]) -> None:
    stacks.append(deployed_stack("data"))
    (problem,) = _database_differs(aws, "/DBInstanceClass", "db.m6g.large", "db.t4g.medium", {})
    assert "/DBInstanceClass is db.t4g.medium instead of db.m6g.large" in problem
