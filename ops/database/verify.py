"""Checks that the database is available."""

from __future__ import annotations

from collections.abc import Iterator

from ops.common.check import Check
from ops.common.environment import DeployedEnvironment

# Everything that RDS does while the database accepts connections (Amazon RDS User Guide, "Viewing DB instance status").
_ACCEPTS_CONNECTIONS = (
    "available",
    "backing-up",
    "configuring-enhanced-monitoring",
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "modifying",
    "resetting-master-credentials",
    "storage-config-upgrade",
    "storage-optimization",
)


def database_is_available(environment: DeployedEnvironment) -> Iterator[str]:
    """The instance or cluster accepts connections."""
    data = environment.outputs("data")
    identifier = data["DatabaseIdentifier"]
    rds = environment.session.client("rds")
    try:
        status = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0]["DBInstanceStatus"]
        start = f"aws rds start-db-instance --db-instance-identifier {identifier}"
    except rds.exceptions.DBInstanceNotFoundFault:
        status = rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"][0]["Status"]
        start = f"aws rds start-db-cluster --db-cluster-identifier {identifier}"
    if status == "stopped":
        yield f"the database {identifier} is stopped: `{start}`"
    elif status not in _ACCEPTS_CONNECTIONS:
        yield f"the database {identifier} is {status}: docs/runbook/database.md says what to do"


CHECKS = (Check(name="the database is available", problems=database_is_available),)
