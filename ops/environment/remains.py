"""Lists what is left in the account of an environment whose stacks are gone, what it costs, and how to remove it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ops.common.environment import DeployedEnvironment
from ops.environment import buckets
from ops.environment.deployed import client
from ops.environment.log_groups import find_log_groups
from ops.environment.stacks import belongs, is_own_name, prefix


def described(environment: DeployedEnvironment) -> list[str]:
    """Lines about everything that is left. A service that can't be asked is a line too."""
    found: list[str] = []
    for ask in (_buckets, _log_groups, _snapshots, _automated_backups, _automated_cluster_backups, _tagged):
        try:
            found += ask(environment)
        except (BotoCoreError, ClientError) as error:
            found.append(f"unknown: {ask.__name__[1:].replace('_', ' ')} could not be listed ({error})")
    return found


def _buckets(environment: DeployedEnvironment) -> Iterator[str]:
    s3 = client(environment, "s3")
    for page in s3.get_paginator("list_buckets").paginate(Prefix=f"{prefix(environment)}-"):
        for bucket in page.get("Buckets", []):
            name = bucket["Name"]
            if belongs(environment, _bucket_tags(s3, name)):
                yield (
                    f"bucket {name}, with {buckets.count(s3, name)} versions of files. S3 bills what it stores, by the "
                    f"gigabyte and month. To remove it: empty it in the console (every version), then "
                    f"`aws s3api delete-bucket --bucket {name}`"
                )


def _bucket_tags(s3: Any, bucket: str) -> list[dict[str, str]]:
    try:
        tags: list[dict[str, str]] = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchTagSet":
            raise
        return []
    return tags


def _log_groups(environment: DeployedEnvironment) -> Iterator[str]:
    for group in find_log_groups(environment):
        blocks = (
            "" if group.has_generated_name else "A new deployment would fail on its name: remove or import it before. "
        )
        yield (
            f"log group {group.name}. CloudWatch Logs bills its {group.stored_bytes:,} stored bytes by the gigabyte "
            f"and month, until their retention ends. {blocks}To remove it: "
            f"`aws logs delete-log-group --log-group-name {group.name}`"
        )


def _snapshots(environment: DeployedEnvironment) -> Iterator[str]:
    rds = client(environment, "rds")
    for page in rds.get_paginator("describe_db_snapshots").paginate(SnapshotType="manual"):
        for snapshot in page["DBSnapshots"]:
            if is_own_name(environment, snapshot["DBInstanceIdentifier"]) or belongs(
                environment, snapshot.get("TagList", ())
            ):
                yield _snapshot(snapshot["DBSnapshotIdentifier"], "db-snapshot")
    for page in rds.get_paginator("describe_db_cluster_snapshots").paginate(SnapshotType="manual"):
        for snapshot in page["DBClusterSnapshots"]:
            if is_own_name(environment, snapshot["DBClusterIdentifier"]) or belongs(
                environment, snapshot.get("TagList", ())
            ):
                yield _snapshot(snapshot["DBClusterSnapshotIdentifier"], "db-cluster-snapshot")


def _snapshot(name: str, kind: str) -> str:
    return (
        f"{kind} {name}. RDS bills it by the gigabyte and month until it is deleted. To remove it: "
        f"`aws rds delete-{kind} --{kind}-identifier {name}`"
    )


def _automated_backups(environment: DeployedEnvironment) -> Iterator[str]:
    rds = client(environment, "rds")
    for page in rds.get_paginator("describe_db_instance_automated_backups").paginate():
        for backup in page["DBInstanceAutomatedBackups"]:
            if backup.get("Status") == "retained" and is_own_name(environment, backup["DBInstanceIdentifier"]):
                command = f"delete-db-instance-automated-backup --dbi-resource-id {backup['DbiResourceId']}"
                yield _automated_backup(backup["DBInstanceIdentifier"], backup, command)


def _automated_cluster_backups(environment: DeployedEnvironment) -> Iterator[str]:
    rds = client(environment, "rds")
    for page in rds.get_paginator("describe_db_cluster_automated_backups").paginate():
        for backup in page["DBClusterAutomatedBackups"]:
            if backup.get("Status") == "retained" and is_own_name(environment, backup["DBClusterIdentifier"]):
                command = f"delete-db-cluster-automated-backup --db-cluster-resource-id {backup['DbClusterResourceId']}"
                yield _automated_backup(backup["DBClusterIdentifier"], backup, command)


def _automated_backup(database: str, backup: Mapping[str, Any], command: str) -> str:
    return (
        f"automated backups of the database {database}. RDS bills them by the gigabyte and month, and deletes them "
        f"after {backup.get('BackupRetentionPeriod', '?')} days. To remove them: `aws rds {command}`"
    )


def _tagged(environment: DeployedEnvironment) -> Iterator[str]:
    """Everything else with the environment's tags. The API lists deleted resources for some hours more."""
    tagging = client(environment, "resourcegroupstaggingapi")
    filters = [
        {"Key": "Project", "Values": [environment.project]},
        {"Key": "Environment", "Values": [environment.name]},
    ]
    for page in tagging.get_paginator("get_resources").paginate(TagFilters=filters):
        for resource in page["ResourceTagMappingList"]:
            arn = resource["ResourceARN"]
            service, kind = arn.split(":")[2], arn.split(":", 5)[5]
            if service == "s3" or (service, kind.split(":")[0]) in _LISTED_ABOVE:
                continue
            if service == "kms":
                yield from _key(client(environment, "kms"), arn)
            else:
                yield (
                    f"{arn}, if it still exists: AWS lists the tags of deleted resources for some hours. If it does, "
                    "the bill shows what it costs, and its service's console deletes it"
                )


_LISTED_ABOVE = (("logs", "log-group"), ("rds", "snapshot"), ("rds", "cluster-snapshot"))


def _key(kms: Any, arn: str) -> Iterator[str]:
    key = kms.describe_key(KeyId=arn)["KeyMetadata"]
    if key["KeyState"] == "PendingDeletion":
        until = f"{key['DeletionDate']:%Y-%m-%d}" if "DeletionDate" in key else "its waiting period ends"
        yield (
            f"key {key['KeyId']}, which waits for its deletion until {until}. That costs nothing. To keep it after "
            f"all: `aws kms cancel-key-deletion --key-id {key['KeyId']}`"
        )
    else:
        yield (
            f"key {key['KeyId']} ({key.get('Description', '')}). It costs 1 USD a month, and more for each rotation. "
            "Without it nothing that it encrypts can be read. To remove it: "
            f"`aws kms schedule-key-deletion --key-id {key['KeyId']}`"
        )
