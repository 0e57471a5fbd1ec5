"""What is left is listed with what it costs and the command that removes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ops.environment import remains
from tests.support.ops.environment import PROJECT, tags
from tests.support.ops.stubs import AT, Stubs

ARN = "arn:aws:kms:eu-central-1:111122223333:key/1"
BUCKET = f"{PROJECT}-dev-data-bucket"
GROUP = f"/aws/rds/instance/{PROJECT}-dev/postgresql"


def answers(aws: Stubs, *, snapshots: list[Any], tagged: list[str], clusters: list[Any] | None = None) -> None:
    """Sets each service's answer. Automated backups of instances are refused: the permission may be missing."""
    bucket = {"Name": BUCKET, "CreationDate": AT}
    aws.expect("s3", "list_buckets", {"Buckets": [bucket]}, {"Prefix": f"{PROJECT}-dev-"})
    aws.expect("s3", "get_bucket_tagging", {"TagSet": tags("dev")}, {"Bucket": BUCKET})
    aws.expect("s3", "list_object_versions", {"IsTruncated": False})
    group = {"logGroupName": GROUP, "arn": f"arn:aws:logs:eu-central-1:111122223333:log-group:{GROUP}:*"}
    aws.expect("logs", "describe_log_groups", {"logGroups": [group]})
    aws.expect("logs", "list_tags_for_resource", {"tags": {"Project": PROJECT, "Environment": "dev"}})
    aws.expect("rds", "describe_db_snapshots", {"DBSnapshots": snapshots})
    aws.expect("rds", "describe_db_cluster_snapshots", {"DBClusterSnapshots": []})
    aws.refuse("rds", "describe_db_instance_automated_backups", "AccessDenied")
    aws.expect("rds", "describe_db_cluster_automated_backups", {"DBClusterAutomatedBackups": clusters or []})
    mappings = [{"ResourceARN": arn} for arn in tagged]
    aws.expect("resourcegroupstaggingapi", "get_resources", {"ResourceTagMappingList": mappings})


def line(found: list[str], start: str) -> str:
    (one,) = (each for each in found if each.startswith(start))
    return one


def test_each_thing_is_listed_once_with_its_cost_and_the_command_that_removes_it(aws: Stubs) -> None:
    mine = {"DBSnapshotIdentifier": "final", "DBInstanceIdentifier": f"{PROJECT}-dev"}
    others = {"DBSnapshotIdentifier": "other", "DBInstanceIdentifier": "other", "TagList": tags("dev-eu")}
    snapshot = "arn:aws:rds:eu-central-1:111122223333:snapshot:final"
    answers(aws, snapshots=[mine, others], tagged=[ARN, f"arn:aws:s3:::{BUCKET}", snapshot])
    pending = {"KeyId": "1", "KeyState": "PendingDeletion", "DeletionDate": datetime(2026, 12, 1, tzinfo=UTC)}
    aws.expect("kms", "describe_key", {"KeyMetadata": pending}, {"KeyId": ARN})
    found = remains.described(aws.environment())
    assert f"aws s3api delete-bucket --bucket {BUCKET}" in line(found, "bucket")
    assert "A new deployment would fail on its name" in line(found, "log group")
    assert "aws rds delete-db-snapshot --db-snapshot-identifier final" in line(found, "db-snapshot")
    assert "until 2026-12-01. That costs nothing." in line(found, "key")
    assert "automated backups could not be listed" in line(found, "unknown")
    assert len(found) == 5


def test_a_key_that_is_kept_costs_money(aws: Stubs) -> None:
    answers(aws, snapshots=[], tagged=[ARN])
    aws.expect("kms", "describe_key", {"KeyMetadata": {"KeyId": "1", "KeyState": "Enabled"}})
    assert "1 USD a month" in line(remains.described(aws.environment()), "key")


def test_other_tagged_resources_may_be_gone_already(aws: Stubs) -> None:
    address = "arn:aws:ec2:eu-central-1:111122223333:elastic-ip/eipalloc-1"
    answers(aws, snapshots=[], tagged=[address])
    assert "if it still exists" in line(remains.described(aws.environment()), address)


def test_automated_backups_of_a_deleted_cluster_are_listed(aws: Stubs) -> None:
    ours = {"DBClusterIdentifier": f"{PROJECT}-dev-0123abcd", "DbClusterResourceId": "cluster-1", "Status": "retained"}
    active = ours | {"Status": "active", "DbClusterResourceId": "cluster-2"}
    others = ours | {"DBClusterIdentifier": "other", "DbClusterResourceId": "cluster-3"}
    answers(aws, snapshots=[], tagged=[], clusters=[ours | {"BackupRetentionPeriod": 7}, active, others])
    found = line(remains.described(aws.environment()), "automated backups")
    assert f"of the database {PROJECT}-dev-0123abcd." in found
    assert "deletes them after 7 days" in found
    assert "`aws rds delete-db-cluster-automated-backup --db-cluster-resource-id cluster-1`" in found
