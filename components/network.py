"""The VPC: three tiers of subnets over several zones, each with exactly the way out it needs."""

from collections import Counter
from typing import NamedTuple, cast

import jsii
from aws_cdk import Aws, Fn, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from components.log_group import log_group
from components.workload_role import WorkloadRole
from config import model
from config.address_plan import AddressPlan

# What the platform does with objects of its own account through the gateway endpoint.
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


def zone_names(zones: model.Zones, region: str) -> list[str]:
    """The availability zones to use, without a look-up: named ones by letter, else the first of the region's list."""
    if isinstance(zones, model.NamedZones):
        return [f"{region}{letter}" for letter in zones.letters]
    return [Fn.select(index, Fn.get_azs()) for index in range(zones.count)]


class Network(Construct):
    """Separates who faces the internet, who works, and who keeps data."""

    def __init__(
        self, scope: Construct, id_: str, *, config: model.Network, logs_key: kms.IKey, removal: RemovalPolicy
    ) -> None:
        super().__init__(scope, id_)
        self.public_subnets = ec2.SubnetSelection(subnet_group_name="Public")
        self.app_subnets = ec2.SubnetSelection(subnet_group_name="App")
        self.data_subnets = ec2.SubnetSelection(subnet_group_name="Data")
        self.addresses = config.addresses
        self.vpc = self._vpc(config)
        self._gateway_endpoints()
        self._flow_log(logs_key, config.flow_log_days, removal)

    def tier(self, name: str) -> ec2.IPeer:
        """Every address of the tier "public", "app" or "data", as the peer of a firewall rule."""
        return ec2.Peer.ipv4(str(self.addresses.blocks()[name]))

    def _vpc(self, config: model.Network) -> ec2.Vpc:
        nat = _nat(config)
        return ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=cast("ec2.IIpAddresses", _PlannedAddresses(self.addresses)),
            max_azs=config.zones.count,
            # The CDK would empty the default security group with a singleton function that may change any group.
            restrict_default_security_group=False,
            nat_gateway_provider=nat.provider,
            nat_gateways=nat.gateways,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Public", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=False
                ),
                ec2.SubnetConfiguration(name="App", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
                ec2.SubnetConfiguration(name="Data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            ],
        )

    def _gateway_endpoints(self) -> None:
        """Free ways to S3 and DynamoDB that never leave AWS, and that carry nothing to other accounts' data."""
        inside = [self.app_subnets, self.data_subnets]
        s3 = self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3, subnets=inside)
        s3.add_to_policy(_of_this_account(S3_ACTIONS))
        s3.add_to_policy(
            _of_anyone(
                "CustomResourceAnswers",
                "s3:PutObject",
                # CloudFormation's own bucket of the region, to which functions in the VPC answer; without it a
                # deployment hangs for an hour (AWS CloudFormation User Guide, "VPC endpoints").
                "cloudformation-custom-resource-response-*",
            )
        )
        s3.add_to_policy(
            _of_anyone(
                "AmazonLinuxPackages",
                "s3:GetObject",
                # Amazon Linux 2023 User Guide, "Deterministic upgrades through versioned repositories": its mirrors.
                f"al2023-repos-{Aws.REGION}-de612dc2",
            )
        )
        dynamodb = self.vpc.add_gateway_endpoint(
            "DynamoDb", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB, subnets=inside
        )
        dynamodb.add_to_policy(_of_this_account(DYNAMODB_ACTIONS))

    def _flow_log(self, key: kms.IKey, days: int, removal: RemovalPolicy) -> None:
        group = log_group(self, "FlowLog", key=key, days=days, removal=removal)
        writer = WorkloadRole(
            self, "FlowLogWriter", service="vpc-flow-logs.amazonaws.com", description="Writes the VPC's flow log"
        )
        writer.allow("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", on=[group.log_group_arn])
        self.vpc.add_flow_log(
            "Traffic",
            traffic_type=ec2.FlowLogTrafficType.ALL,
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(group, writer.sealed),
        )


class _Nat(NamedTuple):
    provider: ec2.NatProvider
    gateways: int | None  # None where the provider decides


def _nat(config: model.Network) -> _Nat:
    match config.nat:
        case model.NatPerZone():
            return _Nat(ec2.NatProvider.gateway(), config.zones.count)
        case model.SingleNat():
            return _Nat(ec2.NatProvider.gateway(), 1)
        case model.RegionalNat():
            return _Nat(ec2.NatProvider.regional_gateway(), None)


def _of_this_account(actions: list[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="ThisAccount",
        principals=[iam.AnyPrincipal()],
        actions=actions,
        resources=["*"],
        conditions={"StringEquals": {"aws:ResourceAccount": Aws.ACCOUNT_ID}},
    )


def _of_anyone(sid: str, action: str, bucket: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        principals=[iam.AnyPrincipal()],
        actions=[action],
        resources=[f"arn:{Aws.PARTITION}:s3:::{bucket}/*"],
    )


@jsii.implements(ec2.IIpAddresses)
class _PlannedAddresses:
    """Hands the address plan's subnets to the CDK's VPC, which would pack them and move them when a zone is added."""

    def __init__(self, plan: AddressPlan) -> None:
        self._plan = plan

    def allocate_vpc_cidr(self) -> ec2.VpcIpamOptions:
        return ec2.VpcIpamOptions(cidr_block=str(self._plan.vpc))

    def allocate_subnets_cidr(
        self, *, requested_subnets: list[ec2.RequestedSubnet], vpc_cidr: str
    ) -> ec2.SubnetIpamOptions:
        seen: Counter[str] = Counter()
        allocated = []
        for subnet in requested_subnets:
            tier = subnet.configuration.name.lower()
            allocated.append(ec2.AllocatedSubnet(cidr=str(self._plan.subnet(tier, seen[tier]))))
            seen[tier] += 1
        return ec2.SubnetIpamOptions(allocated_subnets=allocated)
