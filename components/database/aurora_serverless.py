"""Aurora PostgreSQL Serverless v2, with optional readers."""

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_rds as rds
from constructs import Construct

from components.common import ports
from components.common.alarm import RunbookAlarm
from components.database.database_server import (
    BUSY_PERCENT,
    CA_CERTIFICATE,
    INSIGHTS,
    MASTER_USER,
    ON_REMOVAL,
    PARAMETERS,
    DatabaseServer,
    Placement,
)
from config.database import AuroraServerless

# Only iam-db-auth-error says why a token was refused.
LOGS = ["postgresql", "iam-db-auth-error"]
CLUSTER_EVENTS = ["deletion", "failover", "failure", "maintenance"]
MEMBER_EVENTS = ["availability", "failure", "recovery"]


class AuroraServer(DatabaseServer):
    """An Aurora cluster: a writer, and readers of which one takes over if the writer fails."""

    def __init__(self, scope: Construct, id_: str, *, config: AuroraServerless, placement: Placement) -> None:
        super().__init__(scope, id_, placement=placement)
        logs = self._logs("cluster", LOGS, days=config.log_days)
        self.resource = self._cluster(config)
        self.resource.node.add_dependency(*logs)
        self.proxy_target = rds.ProxyTarget.from_cluster(self.resource)
        self.host = self.resource.cluster_endpoint.hostname
        made = cast("rds.CfnDBCluster", self.resource.node.default_child)
        self.port = made.attr_endpoint_port
        self.master_secret = made.attr_master_user_secret_secret_arn
        self._tell("Events", source="db-cluster", ids=[made.ref], categories=CLUSTER_EVENTS)
        self._tell(
            "MemberEvents",
            source="db-instance",
            ids=self.resource.instance_identifiers,
            categories=MEMBER_EVENTS,
        )
        self._alarms(config, self.resource)
        self._accept(config)

    def _cluster(self, config: AuroraServerless) -> rds.DatabaseCluster:
        placement = self._placement
        engine = rds.DatabaseClusterEngine.aurora_postgres(
            version=rds.AuroraPostgresEngineVersion.of(config.major_version, config.major_version)
        )
        insights, kept = INSIGHTS[config.insights]
        return rds.DatabaseCluster(
            self,
            "Cluster",
            # A physical name, which we otherwise avoid: RDS derives its log groups' names from it.
            cluster_identifier=placement.identifier,
            engine=engine,
            serverless_v2_min_capacity=config.min_acu,
            serverless_v2_max_capacity=config.max_acu,
            writer=self._member("Writer", config),
            readers=[self._member(f"Reader{number + 1}", config) for number in range(config.readers)],
            vpc=placement.network.vpc,
            vpc_subnets=placement.network.data_subnets,
            security_groups=[self.security_group],
            port=ports.DATABASE,
            default_database_name=placement.database_name,
            credentials=rds.Credentials.from_username(MASTER_USER, encryption_key=placement.key),
            manage_master_user_password=True,
            iam_authentication=True,
            storage_encrypted=True,
            storage_encryption_key=placement.key,
            backup=rds.BackupProps(retention=Duration.days(config.backup_days), preferred_window=config.backup_window),
            copy_tags_to_snapshot=True,
            delete_automated_backups=config.on_removal == "destroy",
            deletion_protection=config.deletion_protection,
            removal_policy=ON_REMOVAL[config.on_removal],
            auto_minor_version_upgrade=True,
            preferred_maintenance_window=config.maintenance_window,
            cloudwatch_logs_exports=LOGS,
            enable_performance_insights=True,
            database_insights_mode=insights,
            performance_insight_retention=kept,
            performance_insight_encryption_key=placement.key,
            monitoring_interval=Duration.seconds(config.monitoring_seconds),
            monitoring_role=self._monitoring().sealed,
            parameter_group=rds.ParameterGroup(self, "Parameters", engine=engine, parameters=PARAMETERS),
        )

    def _member(self, id_: str, config: AuroraServerless) -> rds.IClusterInstance:
        _, kept = INSIGHTS[config.insights]
        return rds.ClusterInstance.serverless_v2(
            id_,
            scale_with_writer=None if id_ == "Writer" else True,  # so that each is large enough to take over
            publicly_accessible=False,
            auto_minor_version_upgrade=True,
            preferred_maintenance_window=config.maintenance_window,
            ca_certificate=CA_CERTIFICATE,
            enable_performance_insights=True,
            performance_insight_retention=kept,
            performance_insight_encryption_key=self._placement.key,
        )

    def _alarms(self, config: AuroraServerless, cluster: rds.DatabaseCluster) -> None:
        RunbookAlarm(
            self,
            "ACUUtilization",
            capability="database",
            metric=cluster.metric_acu_utilization(),
            threshold=BUSY_PERCENT,
            evaluation_periods=6,
            description=f"The cluster has used more than {BUSY_PERCENT} % of database.max_acu for half an hour.",
            first_step="Find the statements that cause the load, in Database Insights.",
            alerts=self._placement.alerts,
        )
        if config.readers:
            RunbookAlarm(
                self,
                "ReplicaLag",
                capability="database",
                metric=cluster.metric("AuroraReplicaLagMaximum", statistic="Maximum"),
                threshold=1000,  # milliseconds
                evaluation_periods=3,
                description="A reader has been more than a second behind the writer for a quarter of an hour.",
                first_step="Check the writer's load, in Database Insights.",
                alerts=self._placement.alerts,
            )
        self._alarms_of_every_engine(config.max_connections)
