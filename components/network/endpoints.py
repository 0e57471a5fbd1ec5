"""VPC endpoints: gateways to this account's data only, and interfaces for this account's callers only."""

from collections.abc import Set

from aws_cdk import Aws, Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from config.network import InterfaceEndpoint

# The platform takes these actions on data of its own account.
S3_ACTIONS = [
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObject",
    "s3:AbortMultipartUpload",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:GetBucketLocation",
]
DYNAMODB_ACTIONS = [
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
]
INTERFACE_ACTIONS: dict[InterfaceEndpoint, list[str]] = {
    "cloudformation": ["cloudformation:SignalResource", "cloudformation:DescribeStackResource"],
    "ec2messages": [
        "ec2messages:AcknowledgeMessage",
        "ec2messages:GetEndpoint",
        "ec2messages:GetMessages",
        "ec2messages:SendReply",
    ],
    "events": ["events:PutEvents"],
    "kms": ["kms:Decrypt", "kms:GenerateDataKey"],
    "logs": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"],
    "monitoring": ["cloudwatch:PutMetricData"],
    "secretsmanager": ["secretsmanager:GetSecretValue"],
    "sqs": ["sqs:ChangeMessageVisibility", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:SendMessage"],
    "ssm": ["ssm:UpdateInstanceInformation", "ssm:GetParameter", "ssm:GetParameters"],
    "ssmmessages": [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ],
    "sts": ["sts:AssumeRole", "sts:GetCallerIdentity"],
    "xray": ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"],
}
# cfn-signal signs with the instance identity instead of a role, which no policy can name.
SIGNED_BY_INSTANCES: frozenset[InterfaceEndpoint] = frozenset({"cloudformation"})


class Endpoints(Construct):
    """Free gateways to S3 and DynamoDB, and interface endpoints, which share the `security_group`."""

    security_group: ec2.SecurityGroup

    def __init__(self, scope: Construct, id_: str, *, vpc: ec2.IVpc) -> None:
        super().__init__(scope, id_)
        self._vpc = vpc

    def add_gateways(self, subnets: list[ec2.SubnetSelection]) -> None:
        """Routes the traffic of `subnets` to S3 and DynamoDB through gateways, even if there is NAT."""
        self._s3 = ec2.GatewayVpcEndpoint(
            self, "S3", vpc=self._vpc, service=ec2.GatewayVpcEndpointAwsService.S3, subnets=subnets
        )
        self._s3.add_to_policy(_allow("ThisAccount", S3_ACTIONS, account_key="aws:ResourceAccount"))
        undashed = Fn.join("", Fn.split("-", Aws.REGION))
        # CloudFormation's own bucket, to which functions in the VPC answer; without it a deployment hangs for an
        # hour (AWS CloudFormation User Guide, "Configure VPC endpoints for custom resources").
        self._s3.add_to_policy(
            _allow("CustomResources", ["s3:PutObject"], bucket=f"cloudformation-custom-resource-response-{undashed}")
        )
        dynamodb = ec2.GatewayVpcEndpoint(
            self, "DynamoDb", vpc=self._vpc, service=ec2.GatewayVpcEndpointAwsService.DYNAMODB, subnets=subnets
        )
        dynamodb.add_to_policy(_allow("ThisAccount", DYNAMODB_ACTIONS, account_key="aws:ResourceAccount"))

    def allow_instance_packages(self) -> None:
        """Lets instances fetch packages and agents from AWS's own buckets, through the gateway to S3."""
        buckets = {
            # Amazon Linux 2023 User Guide, "Updating AL2023": the repositories' own bucket in the region.
            "AmazonLinux": f"al2023-repos-{Aws.REGION}-de612dc2",
            # AWS Systems Manager User Guide, "SSM Agent communications with AWS managed S3 buckets".
            "SystemsManager": f"amazon-ssm-{Aws.REGION}",
            "SsmPackages": f"amazon-ssm-packages-{Aws.REGION}",
            # Amazon CloudWatch User Guide, "Download the CloudWatch agent package".
            "CloudWatchAgent": f"amazoncloudwatch-agent-{Aws.REGION}",
        }
        for sid, bucket in buckets.items():
            self._s3.add_to_policy(_allow(sid, ["s3:GetObject"], bucket=bucket))

    def add_interfaces(
        self, services: Set[InterfaceEndpoint], *, subnets: ec2.SubnetSelection, callers: list[ec2.IPeer]
    ) -> None:
        """Adds an interface endpoint with private DNS for each service to `subnets`. Only `callers` may use it."""
        if not services:
            return
        self.security_group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=self._vpc, description="Interface endpoints", allow_all_outbound=False
        )
        for peer in callers:
            self.security_group.add_ingress_rule(peer, ec2.Port.HTTPS, "Callers in the VPC")
        for service in sorted(services):
            endpoint = ec2.InterfaceVpcEndpoint(
                self,
                service.capitalize(),
                vpc=self._vpc,
                service=ec2.InterfaceVpcEndpointAwsService(service),
                subnets=subnets,
                security_groups=[self.security_group],
                open=False,
                private_dns_enabled=True,
            )
            if service in SIGNED_BY_INSTANCES:
                endpoint.add_to_policy(_allow("Instances", INTERFACE_ACTIONS[service]))
            else:
                endpoint.add_to_policy(
                    _allow("ThisAccount", INTERFACE_ACTIONS[service], account_key="aws:PrincipalAccount")
                )


def _allow(
    sid: str, actions: list[str], *, bucket: str | None = None, account_key: str | None = None
) -> iam.PolicyStatement:
    """Allows `actions`, on the objects of `bucket` only or where the condition key `account_key` is this account."""
    return iam.PolicyStatement(
        sid=sid,
        principals=[iam.AnyPrincipal()],
        actions=actions,
        resources=[f"arn:{Aws.PARTITION}:s3:::{bucket}/*" if bucket else "*"],
        conditions={"StringEquals": {account_key: Aws.ACCOUNT_ID}} if account_key else None,
    )
