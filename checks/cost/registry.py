"""The registry: one price function for each resource type, which says what AWS charges for a resource in a month."""

from collections.abc import Callable, Iterator

from checks.cost import compute, database, network, security, storage
from checks.cost.subject import Charge, Subject

PRICED: dict[str, Callable[[Subject], Iterator[Charge]]] = {
    "AWS::EC2::NatGateway": network.nat_gateway,
    "AWS::EC2::EIP": network.elastic_ip,
    "AWS::EC2::VPCEndpoint": network.vpc_endpoint,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": network.load_balancer,
    "AWS::EC2::FlowLog": network.flow_log,
    "AWS::AutoScaling::AutoScalingGroup": compute.auto_scaling_group,
    "AWS::AutoScaling::WarmPool": compute.warm_pool,
    "AWS::Lambda::Function": compute.function,
    "AWS::Lambda::Alias": compute.alias,
    "AWS::RDS::DBInstance": database.instance,
    "AWS::RDS::DBCluster": database.cluster,
    "AWS::RDS::DBProxy": database.proxy,
    "AWS::S3::Bucket": storage.bucket,
    "AWS::SQS::Queue": storage.queue,
    "AWS::Events::Rule": storage.rule,
    "AWS::Events::Archive": storage.archive,
    "AWS::KMS::Key": security.key,
    "AWS::CloudWatch::Alarm": security.alarm,
    "AWS::CloudWatch::CompositeAlarm": security.composite_alarm,
    "AWS::Logs::LogGroup": security.log_group,
    "AWS::WAFv2::WebACL": security.access_control_list,
    "AWS::Cognito::UserPool": security.user_pool,
}
