"""Refuses templates with anything that may open a path the model knows nothing of: silence would pass for safety."""

from collections.abc import Iterable, Mapping
from typing import Any

from checks.reachability.resolve import Resolver, Resource

# Everything that this package reads, or that opens no path between nodes.
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
# Ways in that name no subnet: each reaches even an internal load balancer, or hides templates.
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
# Properties by which a resource of any service takes a place in a VPC.
_PLACES = {
    *("SecurityGroup", "SecurityGroupIds", "SecurityGroups", "SubnetId", "SubnetIds", "SubnetMappings", "Subnets"),
    *("AwsvpcConfiguration", "VPCConfig", "VPCZoneIdentifier", "VpcConfig", "VpcConfiguration"),
    *("VpcSecurityGroupIds", "VpcSubnetIds", "CacheSubnetGroupName", "ClusterSubnetGroupName", "DBSubnetGroupName"),
}


class UnsupportedError(ValueError):
    """A template with something that could open or close a path, and that the model doesn't cover."""


def refuse_unknown(resolver: Resolver) -> None:
    """Raises where a template holds what the model can't judge. Nothing is ignored because it is unfamiliar."""
    for stack, template in resolver.templates.stacks.items():
        for id_ in template.get("Resources", {}):
            if id_.startswith("Fn::"):
                raise UnsupportedError(f"{stack}/{id_}: resources made by a transform aren't in the template")
    for resource in resolver.resources():
        covered = resource.type in _KNOWN_EC2 | _KNOWN_ELSEWHERE
        if covered:
            _refuse_condition(resource)
        elif resource.type.startswith(("AWS::EC2::", *_PATHS_WITHOUT_SUBNETS)):
            raise UnsupportedError(
                f"{resource.at} is an {resource.type}, which may open a path that reachability doesn't cover: "
                "teach checks/reachability about it, or remove it"
            )
        elif place := _place(resource.raw):
            raise UnsupportedError(
                f"{resource.at} ({resource.type}) takes a place in the VPC by {place}, and reachability doesn't know "
                "that kind of node: teach checks/reachability/nodes.py about it, or remove it"
            )
    _refuse_several_vpcs(list(resolver.resources("AWS::EC2::VPC")))
    _refuse_moved_addresses(resolver)


def _refuse_condition(resource: Resource) -> None:
    body = resource.resolver.templates.resource(resource.reference.place)
    if "Condition" in body:
        raise UnsupportedError(
            f"{resource.at} exists under the condition {body['Condition']} only; reachability judges what always exists"
        )


def _refuse_several_vpcs(vpcs: list[Resource]) -> None:
    if len(vpcs) != 1:
        raise UnsupportedError(
            f"reachability judges an environment with exactly one VPC, found {len(vpcs)}: "
            f"{', '.join(vpc.at for vpc in vpcs) or 'none'}"
        )


def _refuse_moved_addresses(resolver: Resolver) -> None:
    for block in resolver.resources("AWS::EC2::VPCCidrBlock"):
        if not block.get("AmazonProvidedIpv6CidrBlock") and not block.get("CidrBlock"):
            raise UnsupportedError(f"{block.at}: only Amazon-provided IPv6 blocks and further IPv4 blocks are covered")
    for address in resolver.resources("AWS::EC2::EIP"):
        if "InstanceId" in address.raw:
            raise UnsupportedError(f"{address.at} gives an instance a public address, which reachability doesn't cover")


def _place(value: Any) -> str:
    """The first property, at any depth, by which a resource takes a place in a VPC."""
    inner: Iterable[Any] = ()
    if isinstance(value, Mapping):
        for key in value:
            if key in _PLACES:
                return str(key)
        inner = value.values()
    elif isinstance(value, list):
        inner = value
    return next((place for item in inner if (place := _place(item))), "")
