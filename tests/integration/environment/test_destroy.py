"""`make destroy` on the local cloud, with two stacks that have everything that stops a deletion.

The whole platform is destroyed by hand: `make up && make destroy ENV=local CONFIRM=<project>-local`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from config.environments import LOCAL
from local_cloud.cloud import LocalCloud
from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError
from ops.environment import buckets, destroy
from ops.environment.stacks import find_stacks, prefix
from tests.support.ops.local import deployed_environment

NAME = f"{LOCAL.project}-{LOCAL.name}"
TAGS = [{"Key": "Project", "Value": LOCAL.project}, {"Key": "Environment", "Value": LOCAL.name}]
LOG = f"/aws/rds/instance/{NAME}/postgresql"
VERSIONED: dict[str, Any] = {"VersioningConfiguration": {"Status": "Enabled"}, "Tags": TAGS}
FOUNDATION: dict[str, Any] = {
    "Resources": {
        "Logs": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Delete", "Properties": VERSIONED},
        "Deliveries": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Logs"},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "delivery.logs.amazonaws.com"},
                            "Action": "s3:PutObject",
                            "Resource": {"Fn::Join": ["", [{"Fn::GetAtt": ["Logs", "Arn"]}, "/*"]]},
                        }
                    ],
                },
            },
        },
        "Kept": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "RetainExceptOnCreate", "Properties": VERSIONED},
    },
    "Outputs": {"LogBucket": {"Value": {"Ref": "Logs"}}, "KeptBucket": {"Value": {"Ref": "Kept"}}},
}
DATA: dict[str, Any] = {
    "Resources": {
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": LOG, "Tags": TAGS}},
        "Database": {
            "Type": "AWS::RDS::DBInstance",
            "DeletionPolicy": "Delete",
            "Properties": {
                "DBInstanceIdentifier": NAME,
                "DBInstanceClass": "db.t4g.small",
                "Engine": "postgres",
                "AllocatedStorage": "20",
                "MasterUsername": "administrator",
                "ManageMasterUserPassword": True,
                "DBName": "destroyed",
                "DeletionProtection": True,
                "Tags": TAGS,
            },
        },
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "Tags": [
                    *TAGS,
                    {
                        "Key": "Logs",
                        "Value": {"Fn::GetStackOutput": {"StackName": f"{NAME}-foundation", "OutputName": "LogBucket"}},
                    },
                ]
            },
        },
    },
}


def stop(*_: Any) -> int:
    """In place of what empties a bucket: as if a log file arrived after it."""
    return 0


@pytest.fixture
def environment(empty_cloud: LocalCloud) -> Iterator[DeployedEnvironment]:
    """Two protected stacks with files, delete markers and an unfinished upload."""
    environment = deployed_environment(empty_cloud)
    session: Any = environment.session
    cloudformation, s3 = session.client("cloudformation"), session.client("s3")
    for name, template in (("foundation", FOUNDATION), ("data", DATA)):
        cloudformation.create_stack(
            StackName=f"{NAME}-{name}", TemplateBody=json.dumps(template), EnableTerminationProtection=True
        )
        cloudformation.get_waiter("stack_create_complete").wait(StackName=f"{NAME}-{name}", WaiterConfig={"Delay": 1})
    outputs = environment.outputs("foundation")
    for bucket in outputs.values():
        for body in (b"one", b"two"):
            s3.put_object(Bucket=bucket, Key="file", Body=body)
        s3.delete_object(Bucket=bucket, Key="file")
        s3.create_multipart_upload(Bucket=bucket, Key="unfinished")
    yield environment
    buckets.empty(s3, outputs["KeptBucket"], print)
    s3.delete_bucket(Bucket=outputs["KeptBucket"])


def run(environment: DeployedEnvironment) -> int:
    return destroy.run(environment, confirm=NAME, poll_seconds=0.2)


def test_everything_is_deleted_in_order_and_what_is_kept_is_listed(
    environment: DeployedEnvironment, capsys: pytest.CaptureFixture[str]
) -> None:
    session: Any = environment.session
    kept = environment.outputs("foundation")["KeptBucket"]
    late = f"/aws/rds/instance/{NAME}/upgrade"  # as RDS makes it when its log group is gone
    session.client("logs").create_log_group(logGroupName=late)
    assert run(environment) == 0
    shown = capsys.readouterr().out
    lost, _, rest = shown.partition("Kept:")
    assert f"DBInstance {NAME}: a database with 20 GiB of storage" in lost
    assert f"Bucket {kept}" in rest
    assert shown.index(f"{NAME}-data: deleted") < shown.index(f"{NAME}-foundation: deleting")
    assert f"deletion protection of {NAME} is off" in shown
    assert "3 versions deleted" in shown
    assert f"Deleted the log group {late}" in shown
    assert f"- bucket {kept}, with 3 versions of files." in shown
    assert find_stacks(environment) == []
    assert session.client("logs").describe_log_groups(logGroupNamePrefix="/aws/rds/")["logGroups"] == []


def test_a_deletion_that_fails_is_tried_again_with_its_reason(
    environment: DeployedEnvironment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    empty, calls = buckets.empty, iter([stop])

    def empty_at_the_second_call(*arguments: Any) -> int:
        return next(calls, empty)(*arguments)

    monkeypatch.setattr(buckets, "empty", empty_at_the_second_call)
    assert run(environment) == 0
    shown = capsys.readouterr().out
    assert f"{NAME}-foundation: its deletion failed and is tried again: Logs (AWS::S3::Bucket): " in shown
    assert "BucketNotEmpty" in shown
    assert find_stacks(environment) == []


def test_a_run_that_gives_up_says_why_and_the_next_one_continues(
    environment: DeployedEnvironment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(buckets, "empty", stop)
        with pytest.raises(CommandError, match=r"foundation in 3 attempts: Logs \(AWS::S3::Bucket\): .*BucketNotEmpty"):
            run(environment)
    assert [stack.name for stack in find_stacks(environment)] == [f"{prefix(environment)}-foundation"]
    assert run(environment) == 0
    assert find_stacks(environment) == []
    capsys.readouterr()
    assert run(environment) == 0
    assert "has no stacks, or none any more" in capsys.readouterr().out
