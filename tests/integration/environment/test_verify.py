"""`make verify` on the local cloud: a new deployment passes every check, and each check reports a fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from config.environments import LOCAL
from local_cloud.cloud import LocalCloud
from ops.common.environment import DeployedEnvironment
from ops.database.verify import database_is_available
from ops.environment import bucket_checks, drift, verify
from ops.environment.stacks import DeployedResource, find_stacks, prefix
from ops.ingestion.deployed import find
from ops.ingestion.verify import canary_is_loaded
from tests.support.ops.local import deployed_environment, output, without_events

CANARY_SECONDS = 5.0  # short, because the canary is never loaded while events are off


@pytest.fixture
def environment(local_cloud: LocalCloud) -> DeployedEnvironment:
    return deployed_environment(local_cloud)


@pytest.fixture
def undo() -> Iterator[ExitStack]:
    """Collects calls that repair a fault, and makes these calls after the test."""
    with ExitStack() as calls:
        yield calls


def first(environment: DeployedEnvironment, type_: str) -> DeployedResource:
    return next(resource for stack in find_stacks(environment) for resource in stack.of_type(type_))


def client(environment: DeployedEnvironment, service: str) -> Any:
    session: Any = environment.session
    return session.client(service)


def test_a_new_deployment_has_no_problem(local_cloud: LocalCloud) -> None:
    shown = output(local_cloud, "environment", "verify")
    assert "FAILED" not in shown
    assert "0 failed" in shown


def test_an_alarm_in_state_alarm_is_reported(environment: DeployedEnvironment, undo: ExitStack) -> None:
    cloudwatch, name = client(environment, "cloudwatch"), first(environment, "AWS::CloudWatch::Alarm").physical_id
    undo.callback(cloudwatch.set_alarm_state, AlarmName=name, StateValue="OK", StateReason="the test is over")
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    (problem,) = verify.no_alarm_is_on(environment)
    assert f"{name} is in ALARM" in problem
    assert "docs/runbook/" in problem


def test_missing_bucket_settings_are_reported_with_the_commands_that_restore_the_settings(
    environment: DeployedEnvironment, undo: ExitStack
) -> None:
    s3, bucket = client(environment, "s3"), find(environment).landing_bucket
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    undo.callback(s3.put_public_access_block, Bucket=bucket, PublicAccessBlockConfiguration=blocked)
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    undo.callback(s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=encryption)
    undo.callback(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.delete_public_access_block(Bucket=bucket)
    s3.delete_bucket_encryption(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    problems = list(bucket_checks.buckets_are_private_encrypted_and_versioned(environment))
    commands = ("put-public-access-block", "put-bucket-encryption", "put-bucket-versioning")
    assert [command in problem for command, problem in zip(commands, problems, strict=True)] == [True] * 3
    assert all(bucket in problem for problem in problems)


@pytest.mark.parametrize("is_deleted", [False, True])
def test_an_overwritten_bucket_policy_is_reported_with_the_command_that_restores_the_policy(
    environment: DeployedEnvironment, undo: ExitStack, is_deleted: bool
) -> None:
    s3, bucket = client(environment, "s3"), find(environment).landing_bucket
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    undo.callback(s3.put_bucket_policy, Bucket=bucket, Policy=policy)
    if is_deleted:
        s3.delete_bucket_policy(Bucket=bucket)
    else:
        fewer = json.loads(policy)
        fewer["Statement"] = fewer["Statement"][1:]
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(fewer))
    (problem,) = bucket_checks.bucket_policies_match_templates(environment)
    assert f"aws s3api put-bucket-policy --bucket {bucket} --policy" in problem
    assert "aws:SecureTransport" in problem


def test_termination_protection_that_differs_from_the_configuration_is_reported(
    environment: DeployedEnvironment, undo: ExitStack
) -> None:
    cloudformation, stack = client(environment, "cloudformation"), f"{prefix(environment)}-data"
    protect, wanted = cloudformation.update_termination_protection, LOCAL.termination_protection
    undo.callback(protect, StackName=stack, EnableTerminationProtection=wanted)
    protect(StackName=stack, EnableTerminationProtection=not wanted)
    (problem,) = verify.protections_match_templates(environment)
    assert f"--stack-name {stack} --no-enable-termination-protection" in problem


def test_deletion_protection_that_differs_from_the_template_is_reported(
    environment: DeployedEnvironment, undo: ExitStack
) -> None:
    rds, name = client(environment, "rds"), environment.outputs("data")["DatabaseIdentifier"]
    undo.callback(rds.modify_db_instance, DBInstanceIdentifier=name, DeletionProtection=False)
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=True)
    (problem,) = verify.protections_match_templates(environment)
    assert f"deletion protection of {name} is on, and the template says off" in problem
    assert "--no-deletion-protection" in problem


def test_an_unencrypted_queue_is_reported(environment: DeployedEnvironment, undo: ExitStack) -> None:
    sqs, queue = client(environment, "sqs"), find(environment).queue_url
    name = "KmsMasterKeyId"
    key = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"][name]
    undo.callback(sqs.set_queue_attributes, QueueUrl=queue, Attributes={name: key})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: ""})
    (problem,) = verify.data_is_encrypted_and_private(environment)
    assert f"{queue} is encrypted with no key" in problem


def test_a_manual_change_is_reported_with_both_values(environment: DeployedEnvironment, undo: ExitStack) -> None:
    sqs, queue = client(environment, "sqs"), find(environment).queue_url
    name = "MessageRetentionPeriod"
    days = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"][name]
    undo.callback(sqs.set_queue_attributes, QueueUrl=queue, Attributes={name: days})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: "3600"})
    (problem,) = drift.nothing_was_changed_by_hand(environment)
    assert f"/{name} is 3600 instead of {days}" in problem


def test_a_stopped_database_is_reported_with_the_start_command(
    environment: DeployedEnvironment, undo: ExitStack
) -> None:
    rds, name = client(environment, "rds"), environment.outputs("data")["DatabaseIdentifier"]
    undo.callback(rds.start_db_instance, DBInstanceIdentifier=name)
    rds.stop_db_instance(DBInstanceIdentifier=name)
    (problem,) = database_is_available(environment)
    assert f"aws rds start-db-instance --db-instance-identifier {name}" in problem


def test_a_canary_that_is_not_loaded_is_reported_and_deleted(environment: DeployedEnvironment, undo: ExitStack) -> None:
    ingestion = find(environment)
    undo.enter_context(without_events(ingestion))
    (problem,) = canary_is_loaded(environment, seconds=CANARY_SECONDS)
    assert "canary/verify.csv was not loaded within 5 s" in problem
    canary = f"{ingestion.incoming_prefix}canary/"
    assert ingestion.s3.list_object_versions(Bucket=ingestion.landing_bucket, Prefix=canary).get("Versions", []) == []
