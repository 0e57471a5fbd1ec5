"""Settings that several functions share: architecture, network, log key, and the policy that Lambda requires."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from components.common.acknowledgement import AWS_SOLUTIONS, acknowledge, by
from components.common.region import known_region
from components.common.workload_role import AccessPolicy
from components.foundation.async_dead_letter_queue import AsyncDeadLetterQueue
from components.network.network import Network
from config.model import RuntimeConfig
from config.regions import formats_function_logs, traces_functions


class FunctionDefaults(Construct):
    """Holds what several functions share, and one policy that all their roles attach.

    Without `network` the functions run outside the VPC and are not traced. X-Ray tracing (`traced`) and JSON logs
    (`formats_logs`) are on where the region offers them.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        runtime: RuntimeConfig,
        network: Network | None,
        logs_key: kms.IKey,
        async_dead_letter_queue: AsyncDeadLetterQueue,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self.runtime = runtime
        self.network = network
        self.logs_key = logs_key
        self.async_dead_letter_queue = async_dead_letter_queue
        self.removal = removal
        region = known_region(self)
        # Only CloudFormation invokes the functions outside the VPC, once per deployment: traces would be of no use.
        self.traced = network is not None and traces_functions(region)
        self.formats_logs = formats_function_logs(region)
        self.policy = AccessPolicy(self, "Policy", description="Permissions that AWS Lambda requires of every function")
        # Lambda sends with the function's role (AWS Lambda Developer Guide, "Adding a dead-letter queue").
        async_dead_letter_queue.queue.grant_send(self.policy)
        if network:
            self._allow_on_all_resources()

    def _allow_on_all_resources(self) -> None:
        """Allows traces, which have no resource, and network interfaces, which Lambda creates with the function's role.

        Sources: Service Authorization Reference, "AWS X-Ray"; AWS Lambda Developer Guide, "Giving Lambda functions
        access to resources in an Amazon VPC".
        """
        if self.traced:
            self.policy.allow("xray:PutTraceSegments", "xray:PutTelemetryRecords", resources=["*"])
        interfaces = [
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ]
        self.policy.allow(*interfaces, resources=["*"])
        # Denied to the function's own code: only calls by the code carry this condition key.
        self.policy.add_statements(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                actions=interfaces,
                resources=["*"],
                conditions={"Null": {"lambda:SourceFunctionArn": "false"}},
            )
        )
        acknowledge(
            self.policy,
            *by(AWS_SOLUTIONS, rule="IAM5[Resource::*]"),
            reason="AWS offers no narrower resource for writing traces or for attaching a function to a VPC; the "
            "latter is denied to the functions' own code",
            would_change="if AWS offered resource-level permissions",
        )
