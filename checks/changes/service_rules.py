"""What AWS services refuse or interrupt although the resource schemas allow it. Each rule names its source."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_RDS = 'Amazon RDS User Guide, "Settings for DB instances"'
_AURORA = 'Amazon Aurora User Guide, "Modifying an Amazon Aurora DB cluster"'
_COGNITO = 'Amazon Cognito Developer Guide, "Updating user pool and app client configuration"'
_SUBNET_GROUP = 'Amazon RDS API Reference, "ModifyDBSubnetGroup"'


@dataclass(frozen=True, kw_only=True)
class ServiceRule:
    """What happens if one of these properties changes. `remedy` says what to do if AWS refuses the change.

    A property that isn't set has its value of `defaults`, if any.
    """

    properties: tuple[str, ...]
    effect: str
    source: str
    remedy: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class UniqueKey:
    """Properties whose values only one resource of a type may have at the same time."""

    properties: tuple[str, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class ProtectingProperty:
    """A property that makes the deletion fail, and its value that does so."""

    property: str
    value: object
    source: str


INTERRUPTIONS: Mapping[str, tuple[ServiceRule, ...]] = {
    "AWS::RDS::DBInstance": (
        ServiceRule(
            properties=("DBInstanceClass",),
            effect="the database restarts: a minute or two with a standby (Multi-AZ), several minutes without",
            source=_RDS,
        ),
        ServiceRule(
            properties=("EngineVersion",),
            effect="the database is down while it is upgraded: minutes, and longer for a major version",
            source='Amazon RDS User Guide, "Upgrading the PostgreSQL DB engine"',
        ),
        ServiceRule(properties=("Port", "NetworkType"), effect="the database restarts", source=_RDS),
        ServiceRule(
            properties=("StorageType", "Iops", "StorageThroughput"),
            effect="the database may stop briefly when the change begins, and is slower until the volume is optimized",
            source=_RDS,
        ),
        ServiceRule(
            properties=("DBParameterGroupName",),
            effect="CloudFormation restarts the database for the new group's static parameters, unless changes wait",
            source=_RDS,
        ),
    ),
    "AWS::RDS::DBCluster": (
        ServiceRule(
            properties=("EngineVersion",),
            effect="all instances of the cluster are down while it is upgraded",
            source='Amazon Aurora User Guide, "Upgrading Amazon Aurora PostgreSQL DB clusters"',
        ),
        ServiceRule(properties=("Port", "NetworkType"), effect="all instances of the cluster restart", source=_AURORA),
        ServiceRule(
            properties=("DBClusterParameterGroupName",),
            effect="the new group's static parameters take effect at the next restart of the instances",
            source=_AURORA,
        ),
    ),
    "AWS::EC2::Route": (
        ServiceRule(
            properties=("NatGatewayId", "GatewayId", "EgressOnlyInternetGatewayId"),
            effect="connections that are open through the old gateway end",
            source='Amazon VPC User Guide, "NAT gateway basics"',
        ),
    ),
    "AWS::KMS::Key": (
        ServiceRule(
            properties=("Enabled",),
            effect="a disabled key can't be used: everything that needs it fails",
            source='AWS KMS Developer Guide, "Enable and disable keys"',
        ),
    ),
}

_PARAMETERS = 'Amazon RDS User Guide, "Working with parameter groups"'
_STATIC = "dynamic parameters change at once, static ones only at the next restart"
# Nothing is down, but people should know.
NOTES: Mapping[str, tuple[ServiceRule, ...]] = {
    "AWS::RDS::DBParameterGroup": (ServiceRule(properties=("Parameters",), effect=_STATIC, source=_PARAMETERS),),
    "AWS::RDS::DBClusterParameterGroup": (ServiceRule(properties=("Parameters",), effect=_STATIC, source=_PARAMETERS),),
}

# What is kept for fewer days than before. The names may be at any depth of the properties.
RETENTION: Mapping[str, ServiceRule] = {
    "AWS::Logs::LogGroup": ServiceRule(
        properties=("RetentionInDays",),
        effect="older log events are deleted",
        source='Amazon CloudWatch Logs API Reference, "PutRetentionPolicy"',
    ),
    "AWS::Events::Archive": ServiceRule(
        properties=("RetentionDays",),
        effect="older events are deleted, and can't be replayed",
        source='Amazon EventBridge API Reference, "UpdateArchive"',
    ),
    "AWS::RDS::DBInstance": ServiceRule(
        properties=("BackupRetentionPeriod",), effect="older automated backups are deleted", source=_RDS
    ),
    "AWS::RDS::DBCluster": ServiceRule(
        properties=("BackupRetentionPeriod",), effect="older automated backups are deleted", source=_AURORA
    ),
    "AWS::S3::Bucket": ServiceRule(
        properties=("ExpirationInDays", "NoncurrentDays"),
        effect="older objects or versions are deleted",
        source='Amazon S3 User Guide, "Managing the lifecycle of objects"',
    ),
    "AWS::SQS::Queue": ServiceRule(
        properties=("MessageRetentionPeriod",),
        effect="older messages are deleted",
        source='Amazon SQS API Reference, "SetQueueAttributes"',
    ),
}

INTERRUPTED_BY_REPLACEMENT: Mapping[str, ServiceRule] = {
    "AWS::EC2::SubnetRouteTableAssociation": ServiceRule(
        properties=(),
        effect="meanwhile the subnet has the main route table",
        source='Amazon VPC User Guide, "Subnet route tables"',
    ),
    "AWS::EC2::SubnetNetworkAclAssociation": ServiceRule(
        properties=(),
        effect="meanwhile the subnet has the default network ACL",
        source='Amazon VPC User Guide, "Work with network ACLs"',
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ServiceRule(
        properties=(),
        effect="the new one has no healthy target until the first health checks succeed",
        source='Elastic Load Balancing User Guide, "Health checks for Application Load Balancer target groups"',
    ),
}

# Not if they are replaced: then another one is there before.
INTERRUPTED_BY_REMOVAL: Mapping[str, ServiceRule] = {
    "AWS::EC2::Route": ServiceRule(
        properties=(),
        effect="connections that are open through it end",
        source='Amazon VPC User Guide, "NAT gateway basics"',
    ),
    "AWS::EC2::VPCEndpoint": ServiceRule(
        properties=(),
        effect="connections that are open through it end",
        source='Amazon VPC User Guide, "Delete an interface endpoint"',
    ),
}

IMMUTABLE: Mapping[str, tuple[ServiceRule, ...]] = {
    "AWS::KMS::Key": (
        ServiceRule(
            properties=("KeySpec", "KeyUsage", "Origin", "MultiRegion"),
            effect="KMS can't change it, and CloudFormation doesn't replace keys for it",
            source='CloudFormation Template Reference, "AWS::KMS::Key"',
            remedy="create a second key, re-encrypt the data, and remove the first one in a later release",
            defaults={
                "KeySpec": "SYMMETRIC_DEFAULT",
                "KeyUsage": "ENCRYPT_DECRYPT",
                "Origin": "AWS_KMS",
                "MultiRegion": "false",
            },
        ),
    ),
    "AWS::Cognito::UserPool": (
        ServiceRule(
            properties=("AliasAttributes", "UsernameAttributes", "UsernameConfiguration"),
            effect="Cognito can't change how users sign in once the pool exists",
            source=_COGNITO,
            remedy="create a second user pool and import the users, who must reset their passwords",
        ),
    ),
    "AWS::Logs::LogGroup": (
        ServiceRule(
            properties=("LogGroupClass",),
            effect="the class of a log group can't be changed",
            source='Amazon CloudWatch Logs User Guide, "Log classes"',
            remedy="create a second log group",
            defaults={"LogGroupClass": "STANDARD"},
        ),
    ),
}

# For types that are not here, what the schema calls the name. Without its first property a key doesn't apply.
UNIQUE_KEYS: Mapping[str, tuple[UniqueKey, ...]] = {
    "AWS::EC2::SecurityGroup": (
        UniqueKey(properties=("GroupName", "VpcId"), source='Amazon EC2 API Reference, "CreateSecurityGroup"'),
    ),
    "AWS::EC2::SubnetRouteTableAssociation": (
        UniqueKey(properties=("SubnetId",), source='Amazon EC2 API Reference, "AssociateRouteTable"'),
    ),
    "AWS::EC2::VPCEndpoint": (
        UniqueKey(properties=("ServiceName", "VpcId"), source='Amazon EC2 API Reference, "CreateVpcEndpoint"'),
    ),
    # The cleanup of the old one takes away what the new one has just written.
    "AWS::SNS::TopicPolicy": (
        UniqueKey(properties=("Topics",), source='CloudFormation Template Reference, "AWS::SNS::TopicPolicy"'),
    ),
    "AWS::SQS::QueuePolicy": (
        UniqueKey(properties=("Queues",), source='CloudFormation Template Reference, "AWS::SQS::QueuePolicy"'),
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        UniqueKey(properties=("Name",), source='Elastic Load Balancing API Reference, "CreateLoadBalancer"'),
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": (
        UniqueKey(properties=("Name",), source='Elastic Load Balancing API Reference, "CreateTargetGroup"'),
    ),
    "AWS::Events::Rule": (
        UniqueKey(properties=("Name", "EventBusName"), source='Amazon EventBridge API Reference, "PutRule"'),
    ),
    "AWS::Lambda::Alias": (
        UniqueKey(properties=("Name", "FunctionName"), source='AWS Lambda API Reference, "CreateAlias"'),
    ),
    "AWS::Scheduler::Schedule": (
        UniqueKey(
            properties=("Name", "GroupName"), source='Amazon EventBridge Scheduler API Reference, "CreateSchedule"'
        ),
    ),
    "AWS::EC2::Subnet": (
        UniqueKey(properties=("CidrBlock", "VpcId"), source='Amazon VPC User Guide, "Subnet CIDR blocks"'),
    ),
    "AWS::EC2::NatGateway": (
        UniqueKey(properties=("AllocationId",), source='Amazon EC2 API Reference, "CreateNatGateway"'),
    ),
    "AWS::EC2::NetworkAclEntry": (
        UniqueKey(
            properties=("NetworkAclId", "RuleNumber", "Egress"),
            source='Amazon EC2 API Reference, "CreateNetworkAclEntry"',
        ),
    ),
    "AWS::EC2::Route": (
        UniqueKey(
            properties=("RouteTableId", "DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"),
            source='Amazon EC2 API Reference, "CreateRoute"',
        ),
    ),
    "AWS::EC2::SecurityGroupIngress": (
        UniqueKey(
            properties=(
                *("GroupId", "IpProtocol", "FromPort", "ToPort"),
                *("CidrIp", "CidrIpv6", "SourceSecurityGroupId", "SourcePrefixListId"),
            ),
            source='Amazon EC2 API Reference, "AuthorizeSecurityGroupIngress"',
        ),
    ),
    "AWS::EC2::SecurityGroupEgress": (
        UniqueKey(
            properties=(
                *("GroupId", "IpProtocol", "FromPort", "ToPort"),
                *("CidrIp", "CidrIpv6", "DestinationSecurityGroupId", "DestinationPrefixListId"),
            ),
            source='Amazon EC2 API Reference, "AuthorizeSecurityGroupEgress"',
        ),
    ),
    "AWS::ElasticLoadBalancingV2::Listener": (
        UniqueKey(
            properties=("LoadBalancerArn", "Port"), source='Elastic Load Balancing API Reference, "CreateListener"'
        ),
    ),
    "AWS::ElasticLoadBalancingV2::ListenerRule": (
        UniqueKey(properties=("ListenerArn", "Priority"), source='Elastic Load Balancing API Reference, "CreateRule"'),
    ),
    "AWS::Lambda::EventSourceMapping": (
        UniqueKey(
            properties=("FunctionName", "EventSourceArn"),
            source='AWS Lambda API Reference, "CreateEventSourceMapping"',
        ),
    ),
    "AWS::Cognito::UserPoolDomain": (
        UniqueKey(properties=("Domain",), source='Amazon Cognito API Reference, "CreateUserPoolDomain"'),
        # A pool may have one prefix domain and one custom domain.
        UniqueKey(
            properties=("UserPoolId", "CustomDomainConfig"),
            source='Amazon Cognito API Reference, "CreateUserPoolDomain"',
        ),
    ),
    **{
        f"AWS::WAFv2::{type_}": (
            UniqueKey(properties=("Name", "Scope"), source=f'AWS WAFV2 API Reference, "Create{type_}"'),
        )
        for type_ in ("IPSet", "RegexPatternSet", "RuleGroup", "WebACL")
    },
    "AWS::Route53::RecordSet": (
        UniqueKey(
            properties=("HostedZoneId", "HostedZoneName", "Name", "Type", "SetIdentifier"),
            source='Amazon Route 53 API Reference, "ChangeResourceRecordSets"',
        ),
    ),
}

LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LOAD_BALANCER_PROTECTION = {"Key": "deletion_protection.enabled", "Value": "true"}

PROTECTIONS: Mapping[str, ProtectingProperty] = {
    "AWS::RDS::DBInstance": ProtectingProperty(
        property="DeletionProtection", value=True, source='Amazon RDS User Guide, "Deleting a DB instance"'
    ),
    "AWS::RDS::DBCluster": ProtectingProperty(
        property="DeletionProtection", value=True, source='Amazon Aurora User Guide, "Deleting Aurora DB clusters"'
    ),
    "AWS::Cognito::UserPool": ProtectingProperty(
        property="DeletionProtection", value="ACTIVE", source='Amazon Cognito Developer Guide, "Deletion protection"'
    ),
    "AWS::DynamoDB::Table": ProtectingProperty(
        property="DeletionProtectionEnabled",
        value=True,
        source='Amazon DynamoDB Developer Guide, "Using deletion protection"',
    ),
    # The value is one of a list of attributes.
    LOAD_BALANCER: ProtectingProperty(
        property="LoadBalancerAttributes",
        value=LOAD_BALANCER_PROTECTION,
        source='Elastic Load Balancing User Guide, "Delete an Application Load Balancer"',
    ),
}

EMPTY_TO_BE_DELETED: Mapping[str, str] = {
    "AWS::S3::Bucket": 'Amazon S3 User Guide, "Deleting a general purpose bucket"',
    "AWS::ECR::Repository": 'Amazon ECR User Guide, "Deleting a private repository"',
}

# AWS refuses to delete these while another resource uses them.
REFUSES_DELETION_IN_USE: Mapping[str, str] = {
    "AWS::EC2::SecurityGroup": 'Amazon EC2 API Reference, "DeleteSecurityGroup"',
    "AWS::EC2::Subnet": 'Amazon EC2 API Reference, "DeleteSubnet"',
    "AWS::EC2::VPC": 'Amazon EC2 API Reference, "DeleteVpc"',
    "AWS::ElasticLoadBalancingV2::TargetGroup": 'Elastic Load Balancing API Reference, "DeleteTargetGroup"',
    "AWS::RDS::DBParameterGroup": 'Amazon RDS API Reference, "DeleteDBParameterGroup"',
    "AWS::RDS::DBSubnetGroup": 'Amazon RDS API Reference, "DeleteDBSubnetGroup"',
}

# CloudFormation takes it from all roles before it deletes it.
DETACHED_IN_USE: Mapping[str, str] = {
    "AWS::IAM::ManagedPolicy": 'CloudFormation registry, schema of "AWS::IAM::ManagedPolicy" (delete handler)',
}

# The property keeps its VPC: AWS refuses values in another one.
BOUND_TO_VPC: Mapping[str, ServiceRule] = {
    "AWS::RDS::DBSubnetGroup": ServiceRule(
        properties=("SubnetIds",),
        effect="a subnet group can't move to another VPC, nor can the database in it",
        source=_SUBNET_GROUP,
        remedy="create an environment beside this one, restore a snapshot in it, and delete this one",
    ),
    LOAD_BALANCER: ServiceRule(
        properties=("Subnets", "SubnetMappings", "SecurityGroups"),
        effect="a load balancer can't move to another VPC",
        source='Elastic Load Balancing API Reference, "SetSubnets"',
        remedy="create a second load balancer in the other VPC, under another construct id",
    ),
}

# How many an account may have in a region, unless it asked for more: the quota's name, and its source.
QUOTAS: Mapping[str, tuple[int, str]] = {
    "AWS::EC2::EIP": (5, 'Amazon VPC User Guide, "Amazon VPC quotas" (L-0263D0A3)'),
    "AWS::EC2::VPC": (5, 'Amazon VPC User Guide, "Amazon VPC quotas" (L-F678F1CE)'),
}
STACK_RESOURCES = (500, 'CloudFormation User Guide, "Understand CloudFormation quotas"')
