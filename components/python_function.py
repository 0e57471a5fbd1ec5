"""A Python function, as every function here is built."""

from pathlib import Path

import jsii
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from components.acknowledgement import acknowledge
from components.log_group import log_group
from components.network import Network
from components.packaging import bundle
from components.workload_role import WorkloadRole
from config.model import Platform
from config.pipeline import OnDemand, SnapStart, Start

ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}
NEWEST_PYTHON = "3.14"  # of AWS Lambda's runtimes
ON_DEMAND = OnDemand()


@jsii.implements(iam.IGrantable, ec2.IConnectable)
class PythonFunction(Construct):
    """Runs one folder of `lambda_src` with an identity, a log and, in the app subnets, a security group of its own.

    `source` is the folder; its handler is `handler` in the module `handler`. Without `network` the function runs
    outside the VPC, and `security_group` is missing. Concurrency that `start` wants provisioned is its alias's to set.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        source: Path,
        description: str,
        platform: Platform,
        network: Network | None,
        logs_key: kms.IKey,
        log_days: int,
        memory_mb: int,
        timeout: Duration,
        removal: RemovalPolicy,
        environment: dict[str, str],
        start: Start = ON_DEMAND,
        reserved_concurrency: int | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self.role = self._role(description)
        self.log_group = self._log_group(logs_key, log_days, removal)
        self.security_group = self._security_group(network, description) if network else None
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            code=lambda_.Code.from_asset(**bundle(source, platform)),
            handler=f"{source.name}.handler.handler",
            runtime=lambda_.Runtime(f"python{platform.python}", lambda_.RuntimeFamily.PYTHON, supports_snap_start=True),
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if isinstance(start, SnapStart) else None,
            reserved_concurrent_executions=reserved_concurrency,
            architecture=ARCHITECTURES[platform.architecture],
            memory_size=memory_mb,
            timeout=timeout,
            environment=environment,
            role=self.role.sealed,
            vpc=network.vpc if network else None,
            vpc_subnets=network.app_subnets if network else None,
            security_groups=[self.security_group] if self.security_group else None,
            ipv6_allowed_for_dual_stack=network.dual_stack if network else None,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            system_log_level_v2=lambda_.SystemLogLevel.INFO,  # above it, Lambda's report of each run would be missing
            tracing=lambda_.Tracing.ACTIVE,
        )
        if network:
            self._allow_network_interfaces()
        self._accept_an_older_runtime(platform)

    @property
    def connections(self) -> ec2.Connections:
        """The function's side of the network."""
        return self.function.connections

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """Where grants to the function are written."""
        return self.role.grant_principal

    def _role(self, description: str) -> WorkloadRole:
        role = WorkloadRole(self, "Identity", service="lambda.amazonaws.com", description=description)
        # X-Ray's write actions take no resource (Service Authorization Reference, "AWS X-Ray").
        role.allow("xray:PutTraceSegments", "xray:PutTelemetryRecords", on=["*"])
        acknowledge(
            role.policy,
            "AwsSolutions-IAM5[Resource::*]",
            reason="AWS offers the writing of traces, and attaching a function to a VPC, on all resources only; the "
            "latter is denied to the function's own code; would change if AWS offered resource-level permissions",
        )
        return role

    def _log_group(self, key: kms.IKey, days: int, removal: RemovalPolicy) -> logs.LogGroup:
        group = log_group(self, "Log", key=key, days=days, removal=removal)
        self.role.allow("logs:CreateLogStream", "logs:PutLogEvents", on=[group.log_group_arn])
        return group

    def _security_group(self, network: Network, description: str) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=network.vpc, description=description, allow_all_outbound=False
        )
        network.allow_https_out(group)
        return group

    def _allow_network_interfaces(self) -> None:
        """Lambda attaches the function to the VPC with the function's own role, and checks it on every resource.

        Source: AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC".
        """
        actions = [
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ]
        self.role.allow(*actions, on=["*"])
        # The code inside has no business with them: only its calls carry this key.
        self.role.policy.add_statements(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                actions=actions,
                resources=["*"],
                conditions={"Null": {"lambda:SourceFunctionArn": "false"}},
            )
        )

    def _accept_an_older_runtime(self, platform: Platform) -> None:
        if platform.python != NEWEST_PYTHON:
            acknowledge(
                self.function,
                "AwsSolutions-L1",
                reason=f"The environment's platform asks for Python {platform.python}: locally the machine's own "
                f"interpreter runs the function; would change with platform.python = '{NEWEST_PYTHON}'",
            )
