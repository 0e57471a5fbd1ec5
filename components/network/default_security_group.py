"""Empties the VPC's default security group, which no template can: CloudFormation only adds rules."""

from pathlib import Path

from aws_cdk import Aws, CustomResource, Duration
from constructs import Construct

from components.common.acknowledgement import HIPAA, NIST, PCI, SERVERLESS, acknowledge, by
from components.common.function_defaults import FunctionDefaults
from components.common.python_function import PythonFunction
from components.network.network import Network

SOURCE = Path("lambda_src/default_security_group")
LOG_DAYS = 30


class EmptyDefaultSecurityGroup(Construct):
    """Leaves whatever is started without a security group of its own without any connection.

    Weighed: the CDK's own way adds a function that may also add rules, an inline policy, a policy of AWS's and a log
    group without key or end. This function may revoke on this one group, and nothing else.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        network: Network,
        defaults: FunctionDefaults,
    ) -> None:
        """`defaults` are those outside the VPC: the function calls EC2 alone, and must not wait for NAT."""
        super().__init__(scope, id_)
        group = network.vpc.vpc_default_security_group
        acknowledge(
            network.vpc,
            *by(NIST, HIPAA, PCI, rule="VPCDefaultSecurityGroupClosed"),
            reason="This construct empties the default security group, which no template can show to the rule",
            would_change="if CloudFormation could take rules away",
        )
        function = PythonFunction(
            self,
            "Function",
            source=SOURCE,
            description="Empties the default security group",
            defaults=defaults,
            log_days=LOG_DAYS,
            memory_mb=256,
            timeout=Duration.minutes(1),
            reserved_concurrency=1,
            environment={},
        )
        function.role.allow(
            "ec2:RevokeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupEgress",
            resources=[f"arn:{Aws.PARTITION}:ec2:{Aws.REGION}:{Aws.ACCOUNT_ID}:security-group/{group}"],
        )
        acknowledge(
            function,
            *by(NIST, HIPAA, PCI, rule="LambdaInsideVPC"),
            *by(SERVERLESS, rule="LambdaTracing"),
            reason="Only CloudFormation calls this function, once a deployment, and waits for its answer; it calls EC2 "
            "alone and must work before NAT does",
            would_change="if anything else called it",
        )
        run = CustomResource(
            self,
            "Run",
            resource_type="Custom::EmptyDefaultSecurityGroup",
            service_token=function.arn,
            properties={"GroupId": group},
            service_timeout=Duration.minutes(2),
        )
        run.node.add_dependency(function)
