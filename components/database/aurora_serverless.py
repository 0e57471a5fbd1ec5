"""Aurora PostgreSQL Serverless v2, with optional readers."""

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_rds as rds
from constructs import Construct

from components.database.database_server import BUSY_PERCENT, CA_CERTIFICATE, DatabaseServer, Placement
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
        self._subscribe("EventSubscription", source="db-cluster", ids=[made.ref], categories=CLUSTER_EVENTS)
        self._subscribe(
            "InstanceEventSubscription",
            source="db-instance",
            ids=self.resource.instance_identifiers,
            categories=MEMBER_EVENTS,
        )
        self._alarms(config, self.resource)
        self._acknowledge_findings(config)

    def _cluster(self, config: AuroraServerless) -> rds.DatabaseCluster:
        placement = self._placement
        engine = rds.DatabaseClusterEngine.aurora_postgres(
            version=rds.AuroraPostgresEngineVersion.of(config.major_version, config.major_version)
        )
        return rds.DatabaseCluster(
            self,
            "Cluster",
            # A physical name, because RDS derives the names of its log groups from it.
            cluster_identifier=placement.identifier,
            serverless_v2_min_capacity=config.min_acu,
            serverless_v2_max_capacity=config.max_acu,
            writer=self._member("Writer", config),
            readers=[self._member(f"Reader{number + 1}", config) for number in range(config.readers)],
            default_database_name=placement.database_name,
            backup=rds.BackupProps(retention=Duration.days(config.backup_days), preferred_window=config.backup_window),
            **self._settings(config, engine, LOGS),
        )

    def _member(self, id_: str, config: AuroraServerless) -> rds.IClusterInstance:
        return rds.ClusterInstance.serverless_v2(
            id_,
            scale_with_writer=None if id_ == "Writer" else True,  # so that each is large enough to take over
            publicly_accessible=False,
            apply_immediately=config.apply_immediately,
            ca_certificate=CA_CERTIFICATE,
            **self._instance_settings(config),
        )

    def _alarms(self, config: AuroraServerless, cluster: rds.DatabaseCluster) -> None:
        self._alarm(
            "ACUUtilization",
            metric=cluster.metric_acu_utilization(),
            threshold=BUSY_PERCENT,
            evaluation_periods=6,
            description=f"The cluster has used more than {BUSY_PERCENT} % of database.max_acu for half an hour.",
            first_step="Find the statements that cause the load, in Database Insights.",
        )
        if config.readers:
            self._alarm(
                "ReplicaLag",
                metric=cluster.metric("AuroraReplicaLagMaximum", statistic="Maximum"),
                threshold=1000,  # milliseconds
                evaluation_periods=3,
                description="A reader has been more than a second behind the writer for a quarter of an hour.",
                first_step="Check the writer's load, in Database Insights.",
            )
        self._shared_alarms(config.max_connections)
