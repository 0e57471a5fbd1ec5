"""Refuses templates that contain anything the model doesn't cover and that may open a path."""

from checks.reachability.resolve import ResolvedResource, Resolver
from checks.templates import mappings

# Resource types that this package reads, or that open no path between nodes.
_KNOWN_EC2 = {
    f"AWS::EC2::{name}"
    for name in (
        *("DHCPOptions", "EIP", "EgressOnlyInternetGateway", "FlowLog", "InternetGateway", "KeyPair"),
        *("LaunchTemplate", "NatGateway", "NetworkAcl", "NetworkAclEntry", "Route", "RouteTable"),
        *("SecurityGroup", "SecurityGroupEgress", "SecurityGroupIngress", "Subnet", "SubnetNetworkAclAssociation"),
        *("SubnetRouteTableAssociation", "VPC", "VPCCidrBlock", "VPCDHCPOptionsAssociation", "VPCEndpoint"),
        *("VPCGatewayAttachment",),
    )
}
_KNOWN_ELSEWHERE = {
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::Lambda::Function",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBProxy",
    "AWS::RDS::DBSubnetGroup",
}
# Resource types that open a path without naming a subnet, even to an internal load balancer, or that hide templates.
_PATHS_WITHOUT_SUBNETS = (
    "AWS::ApiGateway::VpcLink",
    "AWS::CloudFormation::Stack",
    "AWS::CloudFront::VpcOrigin",
    "AWS::DirectConnect::",
    "AWS::GlobalAccelerator::",
    "AWS::NetworkFirewall::",
    "AWS::NetworkManager::",
    "AWS::VpcLattice::",
)
# Properties that put a resource of any service into a VPC.
_VPC_PROPERTIES = {
    *("SecurityGroup", "SecurityGroupIds", "SecurityGroups", "SubnetId", "SubnetIds", "SubnetMappings", "Subnets"),
    *("AwsvpcConfiguration", "VPCConfig", "VPCZoneIdentifier", "VpcConfig", "VpcConfiguration"),
    *("VpcSecurityGroupIds", "VpcSubnetIds", "CacheSubnetGroupName", "ClusterSubnetGroupName", "DBSubnetGroupName"),
}


class UnsupportedError(ValueError):
    """A template contains something that could open or close a path, and that the model doesn't cover."""


def refuse_unsupported(resolver: Resolver) -> None:
    """Raises UnsupportedError for anything that the model doesn't cover: ignoring it could hide an open path."""
    for stack, template in resolver.templates.stacks.items():
        for id_ in template.get("Resources", {}):
            if id_.startswith("Fn::"):
                raise UnsupportedError(f"{stack}/{id_}: a transform adds resources that aren't in the template")
    for resource in resolver.resources():
        covered = resource.type in _KNOWN_EC2 | _KNOWN_ELSEWHERE
        if covered:
            _refuse_condition(resource)
        elif resource.type.startswith(("AWS::EC2::", *_PATHS_WITHOUT_SUBNETS)):
            raise UnsupportedError(
                f"{resource.at} is an {resource.type}, which may open a path that reachability doesn't cover: "
                "add it to the model, or remove it"
            )
        elif name := next((key for inner in mappings(resource.raw) for key in inner if key in _VPC_PROPERTIES), ""):
            raise UnsupportedError(
                f"{resource.at} ({resource.type}) is in the VPC by its property {name}, and reachability doesn't cover "
                "this resource type: add it to the model, or remove it"
            )
    _refuse_several_vpcs(list(resolver.resources("AWS::EC2::VPC")))
    _refuse_other_addresses(resolver)


def _refuse_condition(resource: ResolvedResource) -> None:
    body = resource.resolver.templates.resource(resource.reference.resource_id)
    if "Condition" in body:
        raise UnsupportedError(
            f"{resource.at} exists only under the condition {body['Condition']}, which reachability doesn't cover"
        )


def _refuse_several_vpcs(vpcs: list[ResolvedResource]) -> None:
    if len(vpcs) != 1:
        raise UnsupportedError(
            f"reachability covers environments with exactly one VPC, found {len(vpcs)}: "
            f"{', '.join(vpc.at for vpc in vpcs) or 'none'}"
        )


def _refuse_other_addresses(resolver: Resolver) -> None:
    for block in resolver.resources("AWS::EC2::VPCCidrBlock"):
        if not block.get("AmazonProvidedIpv6CidrBlock") and not block.get("CidrBlock"):
            raise UnsupportedError(f"{block.at}: only Amazon-provided IPv6 blocks and further IPv4 blocks are covered")
    for address in resolver.resources("AWS::EC2::EIP"):
        if "InstanceId" in address.raw:
            raise UnsupportedError(f"{address.at} gives an instance a public address, which reachability doesn't cover")
