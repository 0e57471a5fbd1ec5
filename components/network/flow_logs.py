"""Flow logs and DNS query logs of the VPC."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_route53resolver as resolver
from aws_cdk import aws_s3 as s3
from constructs import Construct

from components.common.log_group import log_group
from components.common.workload_role import FOR_THIS_ACCOUNT, WorkloadRole
from components.foundation.log_bucket import FLOW_LOGS
from config import network as config

# The default fields, and those that show a flow's direction and path (Amazon VPC User Guide, "Flow log records").
FIELDS = [
    ec2.LogFormat.ALL_DEFAULT_FIELDS,
    *(
        ec2.LogFormat.VPC_ID,
        ec2.LogFormat.SUBNET_ID,
        ec2.LogFormat.INSTANCE_ID,
        ec2.LogFormat.TCP_FLAGS,
        ec2.LogFormat.TRAFFIC_TYPE,
        ec2.LogFormat.PKT_SRC_ADDR,
        ec2.LogFormat.PKT_DST_ADDR,
        ec2.LogFormat.AZ_ID,
        ec2.LogFormat.PKT_SRC_AWS_SERVICE,
        ec2.LogFormat.PKT_DST_AWS_SERVICE,
        ec2.LogFormat.FLOW_DIRECTION,
        ec2.LogFormat.TRAFFIC_PATH,
    ),
]


class FlowLogs(Construct):
    """Records every network flow and every DNS query, to show later which hosts communicated."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        vpc: ec2.Vpc,
        settings: config.NetworkConfig,
        bucket: s3.IBucket,
        key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        vpc.add_flow_log(
            "FlowLog",
            traffic_type=ec2.FlowLogTrafficType.ALL,
            max_aggregation_interval=ec2.FlowLogMaxAggregationInterval.ONE_MINUTE,
            log_format=FIELDS,
            destination=self._destination(settings.flow_log, bucket, key, removal),
        )
        queries = log_group(self, "DnsQueryLogGroup", key=key, days=settings.dns_log_days, removal=removal)
        logging = resolver.CfnResolverQueryLoggingConfig(
            self, "QueryLoggingConfig", destination_arn=queries.log_group_arn
        )
        resolver.CfnResolverQueryLoggingConfigAssociation(
            self, "QueryLoggingConfigAssociation", resolver_query_log_config_id=logging.ref, resource_id=vpc.vpc_id
        )

    def _destination(
        self, flow_log: config.FlowLog, bucket: s3.IBucket, key: kms.IKey, removal: RemovalPolicy
    ) -> ec2.FlowLogDestination:
        if isinstance(flow_log, config.FlowLogToS3):
            # By its ARN, so that the CDK leaves the bucket's policy alone: it already lets AWS deliver logs.
            imported = s3.Bucket.from_bucket_arn(self, "Bucket", bucket.bucket_arn)
            return ec2.FlowLogDestination.to_s3(imported, FLOW_LOGS)
        group = log_group(self, "FlowLogGroup", key=key, days=flow_log.days, removal=removal)
        role = WorkloadRole(
            self,
            "FlowLogRole",
            service="vpc-flow-logs.amazonaws.com",
            description="Writes the flow log of the VPC",
            conditions=FOR_THIS_ACCOUNT,
        )
        role.allow(
            "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", resources=[group.log_group_arn]
        )
        return ec2.FlowLogDestination.to_cloud_watch_logs(group, role.sealed)
