"""RDS Proxy: a pool of connections in front of the database."""

from typing import cast

from aws_cdk import Aws, CfnOutput, Duration, Fn, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct

from components.common import ports
from components.common.alarm import RunbookAlarm
from components.common.log_group import log_group
from components.common.workload_role import WorkloadRole
from components.database.database_server import DatabaseServer, Placement
from config.database import ThroughProxy


class DatabaseProxy(Construct):
    """Shares the database's connections among clients, and queues their requests while the database fails over.

    Clients log in with tokens, and the proxy logs in to the database with tokens of its own: there is no secret. What
    clients must know (Amazon RDS User Guide, "Quotas and limitations for RDS Proxy", "Avoiding pinning an RDS Proxy"):

    - It refuses `options` in the startup message: settings of a role are set on the role (`ALTER ROLE ... SET`).
    - It ignores CancelRequest: a statement ends by itself or by its timeout.
    - `SET`, temporary tables, advisory locks of a session and prepared statements pin a session: no other client can
      use its connection until the client disconnects. A load may create a temporary table, so each load counts as a
      connection of its own (config/connections.py).
    - Its certificate has a public root of Amazon, the database's has a root of RDS: the CA bundle contains both.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: ThroughProxy,
        server: DatabaseServer,
        log_days: int,
        placement: Placement,
    ) -> None:
        super().__init__(scope, id_)
        self._server = server
        self.security_group = placement.network.security_group(self, "The database proxy")
        self._role = WorkloadRole(
            self, "Identity", service="rds.amazonaws.com", description="Logs the database proxy in to the database"
        )
        self.proxy = self._proxy(config, placement)
        # RDS would create this log group itself, unencrypted and without retention.
        log = log_group(
            self,
            "LogGroup",
            key=placement.logs_key,
            days=log_days,
            removal=placement.removal,
            name=f"/aws/rds/proxy/{placement.identifier}",
        )
        self.proxy.node.add_dependency(log)
        self._allow_to_reach_database()
        self._id = CfnOutput(
            self,
            "Id",
            value=Fn.select(6, Fn.split(":", self.proxy.db_proxy_arn)),
            description="The proxy's resource id, which IAM policies use",
        )
        RunbookAlarm(
            self,
            "ProxyBorrowLatency",
            capability="database",
            metric=cloudwatch.Metric(
                namespace="AWS/RDS",
                metric_name="DatabaseConnectionsBorrowLatency",
                dimensions_map={"ProxyName": self.proxy.db_proxy_name},
            ),
            threshold=1_000_000,  # microseconds
            description="Clients wait longer than a second for a connection from the proxy.",
            first_step="Check the metric DatabaseConnectionsCurrentlySessionPinned and how many clients are connected.",
            alerts=placement.alerts,
        )

    def allow_login(self, grantee: iam.IGrantable, user: str) -> None:
        """Lets `grantee` log in to the proxy as the PostgreSQL role `user`, and the proxy log in to the database."""
        # The CDK's own `grant_connect` is not used: across stacks it renders Fn::Split around Fn::GetStackOutput, which
        # CloudFormation may not accept.
        stack = Stack.of(self)
        proxy = Fn.get_stack_output(stack.stack_name, stack.get_logical_id(self._id))
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["rds-db:connect"],
            resource_arns=[f"arn:{Aws.PARTITION}:rds-db:{Aws.REGION}:{Aws.ACCOUNT_ID}:dbuser:{proxy}/{user}"],
        )
        self._server.resource.grant_connect(self._role, user)

    def _proxy(self, config: ThroughProxy, placement: Placement) -> rds.DatabaseProxy:
        return rds.DatabaseProxy(
            self,
            "Proxy",
            # A physical name, because RDS derives the name of its log group from it.
            db_proxy_name=placement.identifier,
            proxy_target=self._server.proxy_target,
            vpc=placement.network.vpc,
            # The minimum, and never others: a change would replace the proxy, which its name prevents.
            vpc_subnets=placement.network.first_data_subnets(2),
            security_groups=[self.security_group],
            role=self._role.sealed,
            default_auth_scheme=rds.DefaultAuthScheme.IAM_AUTH,
            require_tls=True,
            idle_client_timeout=Duration.minutes(config.idle_client_minutes),
            borrow_timeout=Duration.seconds(config.borrow_seconds),
            max_connections_percent=config.connections_percent,
        )

    def _allow_to_reach_database(self) -> None:
        """Completes the rules and the target group that the CDK creates."""
        groups = (self._server.security_group, self.security_group)
        for rule in (construct for group in groups for construct in group.node.find_all()):
            if isinstance(rule, ec2.CfnSecurityGroupIngress | ec2.CfnSecurityGroupEgress):
                # The CDK sets the port to an attribute of the deployed database, which cdk-nag can't evaluate.
                rule.from_port = rule.to_port = ports.DATABASE
        targets = cast("rds.CfnDBProxyTargetGroup", self.proxy.node.find_child("ProxyTargetGroup"))
        # CloudFormation may wait until the proxy reaches the database, so the rules that allow it come first.
        targets.node.add_dependency(*groups, self._role)
        # The CDK adds Tags, which its own template validation rejects.
        targets.add_property_deletion_override("Tags")
