"""Removes the rules of the VPC's default security group, which CloudFormation cannot do."""

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
    """Denies every connection to and from resources that have no other security group.

    The CDK's own solution is not used: its function may also add rules, and has an inline policy, an AWS managed policy
    and a log group without key or retention. This function may only revoke rules of this one group.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        network: Network,
        defaults: FunctionDefaults,
    ) -> None:
        """`defaults` are for functions outside the VPC: this one calls only EC2, and must work before NAT does."""
        super().__init__(scope, id_)
        group = network.vpc.vpc_default_security_group
        acknowledge(
            network.vpc,
            *by(NIST, HIPAA, PCI, rule="VPCDefaultSecurityGroupClosed"),
            reason="This construct empties the default security group, which the rule can't see in a template",
            would_change="if CloudFormation could remove rules",
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
            reason="Only CloudFormation invokes this function, once per deployment; it calls only EC2, and must work "
            "before NAT does",
            would_change="if anything else invoked it",
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
