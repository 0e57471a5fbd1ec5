"""Resource types that cost nothing themselves. What they start or hold is priced at another resource, or is load."""

FREE = frozenset(
    {
        # Network: AWS charges for gateways, addresses, endpoints and traffic only.
        "AWS::EC2::EgressOnlyInternetGateway",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::NetworkAcl",
        "AWS::EC2::NetworkAclEntry",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetNetworkAclAssociation",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCCidrBlock",
        "AWS::EC2::VPCGatewayAttachment",
        # The logs themselves are `log_gb` of the load.
        "AWS::Route53Resolver::ResolverQueryLoggingConfig",
        "AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation",
        "AWS::WAFv2::LoggingConfiguration",
        # Instances are priced at their group, which a launch template only describes.
        "AWS::AutoScaling::ScalingPolicy",
        "AWS::EC2::LaunchTemplate",
        # How sessions on instances of EC2 start, which are free too (AWS Systems Manager pricing).
        "AWS::SSM::Document",
        # Load balancing is priced at the load balancer.
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::WAFv2::WebACLAssociation",
        # A public certificate for a load balancer is free; so are alias records, and answers to queries for them.
        "AWS::CertificateManager::Certificate",
        "AWS::Route53::RecordSet",
        # Settings of databases. Backups are free up to the size of the database.
        "AWS::RDS::DBClusterParameterGroup",
        "AWS::RDS::DBParameterGroup",
        "AWS::RDS::DBProxyTargetGroup",
        "AWS::RDS::DBSubnetGroup",
        "AWS::RDS::EventSubscription",
        # Permissions.
        "AWS::IAM::InstanceProfile",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::OIDCProvider",
        "AWS::IAM::Role",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        # Calls are priced at the function; its mapping polls a queue, which is part of the queue's price.
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Version",
        # A schedule costs a dollar for a million calls: nothing for a call a day.
        "AWS::Scheduler::Schedule",
        "AWS::Scheduler::ScheduleGroup",
        # A topic costs half a dollar for a million messages: nothing for alarms.
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        # Sign-in is priced at the user pool.
        "AWS::Cognito::ManagedLoginBranding",
        "AWS::Cognito::UserPoolClient",
        "AWS::Cognito::UserPoolDomain",
        # Budgets with notifications only, and the detection of anomalies (AWS Cost Management pricing).
        "AWS::Budgets::Budget",
        "AWS::CE::AnomalyMonitor",
        "AWS::CE::AnomalySubscription",
    }
)
# The functions behind custom resources do the work, during deployments.
CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")


def is_free(type_: str) -> bool:
    """Whether resources of that type cost nothing themselves."""
    return type_ in FREE or type_.startswith(CUSTOM)
