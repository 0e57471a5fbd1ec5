"""A Lambda function in Python."""

from pathlib import Path

import jsii
from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from components.common.acknowledgement import AWS_SOLUTIONS, HIPAA, NIST, SERVERLESS, acknowledge, by
from components.common.function_defaults import FunctionDefaults
from components.common.log_group import log_group
from components.common.packaging import bundle
from components.common.workload_role import WorkloadRole
from components.network.network import Network
from config.ingestion import OnDemand, SnapStart, Start
from config.model import RuntimeConfig

ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}
NEWEST_PYTHON = "3.14"  # of AWS Lambda's runtimes
ON_DEMAND = OnDemand()


@jsii.implements(iam.IGrantable, ec2.IConnectable)
class PythonFunction(Construct):
    """Runs one folder of `lambda_src` with a role, a log group and, in the VPC, a security group of its own.

    `source` is the folder; its handler is `handler` in the module `handler`. `data` are more files of the repository
    that it reads. `reserved_concurrency` takes effect where
    `runtime.reserve_concurrency` is set. Outside the VPC there is no `security_group`. An alias sets the provisioned
    concurrency that `start` asks for.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        source: Path,
        description: str,
        defaults: FunctionDefaults,
        log_days: int,
        memory_mb: int,
        timeout: Duration,
        reserved_concurrency: int,
        environment: dict[str, str],
        data: tuple[Path, ...] = (),
        start: Start = ON_DEMAND,
    ) -> None:
        super().__init__(scope, id_)
        runtime, network = defaults.runtime, defaults.network
        self.role = WorkloadRole(self, "Identity", service="lambda.amazonaws.com", description=description)
        self.role.attach(defaults.policy)
        self.log_group = self._log_group(defaults, log_days)
        self.security_group = self._security_group(network, description) if network else None
        self.resource = lambda_.Function(
            self,
            "Function",
            description=description,
            code=lambda_.Code.from_asset(**bundle(source, runtime, data=data)),
            handler=f"{source.name}.handler.handler",
            runtime=lambda_.Runtime(f"python{runtime.python}", lambda_.RuntimeFamily.PYTHON, supports_snap_start=True),
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if isinstance(start, SnapStart) else None,
            reserved_concurrent_executions=reserved_concurrency if runtime.reserve_concurrency else None,
            architecture=ARCHITECTURES[runtime.architecture],
            memory_size=memory_mb,
            timeout=timeout,
            environment=environment,
            dead_letter_queue=defaults.async_dead_letter_queue.queue,
            role=self.role.sealed,
            vpc=network.vpc if network else None,
            vpc_subnets=network.app_subnets if network else None,
            security_groups=[self.security_group] if self.security_group else None,
            ipv6_allowed_for_dual_stack=network.dual_stack if network else None,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON if defaults.formats_logs else lambda_.LoggingFormat.TEXT,
            # Levels can be set for JSON only. Above INFO, Lambda's report of each run would be missing.
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO if defaults.formats_logs else None,
            system_log_level_v2=lambda_.SystemLogLevel.INFO if defaults.formats_logs else None,
            tracing=lambda_.Tracing.ACTIVE if defaults.traced else lambda_.Tracing.DISABLED,
        )
        self._acknowledge_runtime(runtime)
        if network and not defaults.traced:
            acknowledge(
                self.resource,
                *by(SERVERLESS, rule="LambdaTracing"),
                reason="X-Ray does not support Lambda functions in China",
                would_change="with another region",
            )

    @property
    def name(self) -> str:
        """The function's name."""
        return self.resource.function_name

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return self.resource.function_arn

    @property
    def connections(self) -> ec2.Connections:
        """The network connections of the function."""
        return self.resource.connections

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The principal of grants: the policy of the function's role."""
        return self.role.grant_principal

    def _log_group(self, defaults: FunctionDefaults, days: int) -> logs.LogGroup:
        group = log_group(self, "LogGroup", key=defaults.logs_key, days=days, removal=defaults.removal)
        self.role.allow("logs:CreateLogStream", "logs:PutLogEvents", resources=[group.log_group_arn])
        return group

    def _security_group(self, network: Network, description: str) -> ec2.SecurityGroup:
        group = network.security_group(self, description)
        network.allow_calls(group)
        # Lambda deletes the function's network interfaces with the role, and the group can be deleted only after them.
        group.node.add_dependency(self.role)
        return group

    def _acknowledge_runtime(self, runtime: RuntimeConfig) -> None:
        if not runtime.reserve_concurrency:
            acknowledge(
                self.resource,
                *by(NIST, HIPAA, rule="LambdaConcurrency"),
                reason="A new account has ten concurrent executions, and can reserve none of them",
                would_change="with runtime.reserve_concurrency",
            )
        if runtime.python != NEWEST_PYTHON:
            acknowledge(
                self.resource,
                *by(AWS_SOLUTIONS, rule="L1"),
                *by(SERVERLESS, rule="LambdaLatestVersion"),
                reason=f"The environment's runtime asks for Python {runtime.python}: locally the machine's own "
                "interpreter runs the function",
                would_change=f"with runtime.python = '{NEWEST_PYTHON}'",
            )
