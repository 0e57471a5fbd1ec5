"""The base class of both database engines: settings, security group, logs, monitoring, alarms."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from constructs import Construct

from components.common import ports
from components.common.acknowledgement import AWS_SOLUTIONS, HIPAA, NIST, acknowledge, by
from components.common.alarm import RunbookAlarm
from components.common.log_group import log_group
from components.common.workload_role import FOR_THIS_ACCOUNT
from components.foundation.alerts import Alerts
from components.network.network import Network
from config.database import DatabaseConfig

MASTER_USER = "administrator"
PARAMETERS = {
    "rds.force_ssl": "1",
    "log_min_duration_statement": "1000",  # milliseconds: slower statements are logged
    # No value of a row gets into the log (docs/runbook/database.md). All are dynamic: a change interrupts nothing.
    "log_min_messages": "log",  # no errors: an error goes to the client, and its text may quote a value
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",  # without the details and contexts of messages: COPY's context is a line of a file
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
CA_CERTIFICATE = rds.CaCertificate.RDS_CA_RSA2048_G1
ON_REMOVAL = {"snapshot": RemovalPolicy.SNAPSHOT, "destroy": RemovalPolicy.DESTROY}
INSIGHTS = {
    "standard": (rds.DatabaseInsightsMode.STANDARD, rds.PerformanceInsightRetention.DEFAULT),
    # RDS accepts no other retention in this mode.
    "advanced": (rds.DatabaseInsightsMode.ADVANCED, rds.PerformanceInsightRetention.MONTHS_15),
}
MONITORING_POLICY = "AmazonRDSEnhancedMonitoringRole"

BUSY_PERCENT = 80
# PostgreSQL stops accepting writes at an age of two billion. A working vacuum keeps the age below one billion.
MAX_TRANSACTION_ID_AGE = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Placement:
    """The network, keys and alerts of a database. RDS derives the names of log groups from `identifier`."""

    identifier: str
    database_name: str
    network: Network
    key: kms.IKey
    logs_key: kms.IKey
    alerts: Alerts
    removal: RemovalPolicy


class DatabaseServer(Construct):
    """A PostgreSQL server of either engine. `Database` decides who may use it.

    Clients connect to `host` and `port`. `master_secret` is the ARN of the secret with the master user's password. RDS
    creates this secret, and rotates the password every seven days.
    """

    resource: rds.DatabaseInstance | rds.DatabaseCluster
    proxy_target: rds.ProxyTarget
    host: str
    port: str
    master_secret: str

    def __init__(self, scope: Construct, id_: str, *, placement: Placement) -> None:
        super().__init__(scope, id_)
        self._placement = placement
        self.security_group = placement.network.security_group(self, "The database")
        self._alarm = partial(RunbookAlarm, self, capability="database", alerts=placement.alerts)

    def _settings(self, config: DatabaseConfig, engine: rds.IEngine, exported_logs: list[str]) -> dict[str, Any]:
        """The keyword arguments of `rds.DatabaseInstance` and `rds.DatabaseCluster` that both engines share."""
        placement = self._placement
        return {
            "engine": engine,
            "vpc": placement.network.vpc,
            "vpc_subnets": placement.network.data_subnets,
            "security_groups": [self.security_group],
            "port": ports.DATABASE,
            "credentials": rds.Credentials.from_username(MASTER_USER, encryption_key=placement.key),
            "manage_master_user_password": True,
            "iam_authentication": True,
            "storage_encrypted": True,
            "storage_encryption_key": placement.key,
            "copy_tags_to_snapshot": True,
            "delete_automated_backups": config.on_removal == "destroy",
            "deletion_protection": config.deletion_protection,
            "removal_policy": ON_REMOVAL[config.on_removal],
            "cloudwatch_logs_exports": exported_logs,
            "database_insights_mode": INSIGHTS[config.insights][0],
            "monitoring_interval": Duration.seconds(config.monitoring_seconds),
            "monitoring_role": self._monitoring_role().without_policy_updates(),
            "parameter_group": rds.ParameterGroup(self, "ParameterGroup", engine=engine, parameters=PARAMETERS),
            **self._instance_settings(config),
        }

    def _instance_settings(self, config: DatabaseConfig) -> dict[str, Any]:
        """The keyword arguments that the instances of an Aurora cluster take too."""
        return {
            "auto_minor_version_upgrade": True,
            "preferred_maintenance_window": config.maintenance_window,
            "enable_performance_insights": True,
            "performance_insight_retention": INSIGHTS[config.insights][1],
            "performance_insight_encryption_key": self._placement.key,
        }

    def _logs(self, path: str, kinds: list[str], *, days: int) -> list[logs.LogGroup]:
        """Creates the log groups of exported logs. RDS would create them unencrypted, without retention."""
        placement = self._placement
        return [
            log_group(
                self,
                f"LogGroup-{kind}",
                key=placement.logs_key,
                days=days,
                removal=placement.removal,
                name=f"/aws/rds/{path}/{placement.identifier}/{kind}",
            )
            for kind in kinds
        ]

    def _monitoring_role(self) -> iam.Role:
        """Creates the role for Enhanced Monitoring with AWS's managed policy: RDS checks the permissions.

        Source: Amazon RDS User Guide, "Setting up and enabling Enhanced Monitoring".
        """
        role = iam.Role(
            self,
            "MonitoringRole",
            assumed_by=iam.ServicePrincipal("monitoring.rds.amazonaws.com", conditions=FOR_THIS_ACCOUNT),
            description="Enhanced Monitoring of the database",
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name(f"service-role/{MONITORING_POLICY}"),
            ],
        )
        acknowledge(
            role,
            *by(
                AWS_SOLUTIONS,
                rule=f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/{MONITORING_POLICY}]",
            ),
            reason="RDS refuses a role that may do less than it expects, and documents only this policy; it allows no "
            "more than log groups whose names begin with RDS",
            would_change="if RDS documented a narrower policy",
        )
        return role

    def _subscribe(self, id_: str, *, source: str, ids: list[str], categories: list[str]) -> None:
        """Sends RDS events of these `categories` to the alerts topic."""
        rds.CfnEventSubscription(
            self,
            id_,
            sns_topic_arn=self._placement.alerts.topic.topic_arn,
            source_type=source,
            source_ids=ids,
            event_categories=categories,
        )

    def _shared_alarms(self, max_connections: int) -> None:
        # No alarm of the database treats missing data as a breach: events report a database that stops or fails over.
        self._alarm(
            "DatabaseConnections",
            metric=self.resource.metric_database_connections(statistic="Maximum"),
            threshold=max_connections * BUSY_PERCENT // 100,
            description=f"More than {BUSY_PERCENT} % of the database's connections are in use.",
            first_step="Find out which roles hold connections, in Database Insights or pg_stat_activity.",
        )
        self._alarm(
            "TransactionIdAge",
            metric=self.resource.metric("MaximumUsedTransactionIDs", statistic="Maximum"),
            threshold=MAX_TRANSACTION_ID_AGE,
            description="Vacuum does not keep up; PostgreSQL stops accepting writes at two billion transaction ids.",
            first_step="Look for transactions that have been open for days, in pg_stat_activity.",
        )

    def _acknowledge_findings(self, settings: DatabaseConfig) -> None:
        acknowledge(
            self,
            *by(NIST, HIPAA, rule="RDSInBackupPlan"),
            reason="RDS's own backups restore any second of the last database.backup_days",
            would_change="with copies in another account or region, made by AWS Backup",
        )
        if not settings.deletion_protection:
            acknowledge(
                self.resource,
                *by(AWS_SOLUTIONS, rule="RDS10"),
                *by(NIST, HIPAA, rule="RDSInstanceDeletionProtectionEnabled"),
                reason="This environment is disposable, and so is its database",
                would_change="with database.deletion_protection",
            )
