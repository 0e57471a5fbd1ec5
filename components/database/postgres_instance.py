"""RDS for PostgreSQL: one instance, with an optional standby in another zone."""

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from constructs import Construct

from components.common.acknowledgement import AWS_SOLUTIONS, HIPAA, NIST, acknowledge, by
from components.database.database_server import BUSY_PERCENT, CA_CERTIFICATE, DatabaseServer, Placement
from config.database import PostgresInstance

# Only iam-db-auth-error says why a token was refused.
LOGS = ["postgresql", "upgrade", "iam-db-auth-error"]
EVENTS = ["availability", "deletion", "failover", "failure", "low storage", "maintenance", "recovery"]
GIB = 2**30


class PostgresServer(DatabaseServer):
    """A PostgreSQL instance whose storage grows automatically."""

    def __init__(self, scope: Construct, id_: str, *, config: PostgresInstance, placement: Placement) -> None:
        super().__init__(scope, id_, placement=placement)
        logs = self._logs("instance", LOGS, days=config.log_days)
        self.resource = self._instance(config)
        self.resource.node.add_dependency(*logs)
        self.proxy_target = rds.ProxyTarget.from_instance(self.resource)
        self.host = self.resource.db_instance_endpoint_address
        self.port = self.resource.db_instance_endpoint_port
        made = cast("rds.CfnDBInstance", self.resource.node.default_child)
        self.master_secret = made.attr_master_user_secret_secret_arn
        self._subscribe("EventSubscription", source="db-instance", ids=[made.ref], categories=EVENTS)
        self._alarms(config, self.resource)
        self._acknowledge_findings(config)
        if not config.multi_az:
            self._accept_one_zone()

    def _instance(self, config: PostgresInstance) -> rds.DatabaseInstance:
        placement = self._placement
        engine = rds.DatabaseInstanceEngine.postgres(
            version=rds.PostgresEngineVersion.of(config.major_version, config.major_version)
        )
        return rds.DatabaseInstance(
            self,
            "Instance",
            # A physical name, because RDS derives the names of its log groups from it.
            instance_identifier=placement.identifier,
            instance_type=ec2.InstanceType(config.instance_type),
            multi_az=config.multi_az,
            # It only permits: the major version changes when database.major_version does.
            allow_major_version_upgrade=True,
            apply_immediately=config.apply_immediately,
            publicly_accessible=False,
            database_name=placement.database_name,
            ca_certificate=CA_CERTIFICATE,
            storage_type=rds.StorageType.GP3,
            allocated_storage=config.storage_gib,
            max_allocated_storage=config.max_storage_gib,
            backup_retention=Duration.days(config.backup_days),
            preferred_backup_window=config.backup_window,
            **self._settings(config, engine, LOGS),
        )

    def _alarms(self, config: PostgresInstance, instance: rds.DatabaseInstance) -> None:
        self._alarm(
            "FreeStorageSpace",
            metric=instance.metric_free_storage_space(statistic="Minimum"),
            comparison="<",
            threshold=int(config.storage_gib * GIB * 0.05),
            description=f"Less than {config.storage_gib * 0.05:g} GiB of storage is free: the volume has reached "
            "database.max_storage_gib, or it grew less than six hours ago.",
            first_step="Compare the volume's size with database.max_storage_gib.",
        )
        self._alarm(
            "CPUUtilization",
            metric=instance.metric_cpu_utilization(),
            threshold=BUSY_PERCENT,
            evaluation_periods=6,
            description=f"The database's CPU utilization has been above {BUSY_PERCENT} % for half an hour.",
            first_step="Find the statements that cause the load, in Database Insights.",
        )
        self._alarm(
            "FreeableMemory",
            metric=instance.metric_freeable_memory(),
            comparison="<",
            threshold=int(config.memory_gib * GIB * 0.05),
            evaluation_periods=3,
            description="Less than 5 % of the database's memory is free; PostgreSQL restarts when it runs out.",
            first_step="Find the statements that cause the load, in Database Insights.",
        )
        self._shared_alarms(config.max_connections)

    def _accept_one_zone(self) -> None:
        acknowledge(
            self.resource,
            *by(AWS_SOLUTIONS, rule="RDS3"),
            *by(NIST, HIPAA, rule="RDSMultiAZSupport"),
            reason="A standby in a second zone doubles the price of a database that may be down for an hour",
            would_change="with database.multi_az",
        )
