"""Finds every node in the templates: everything that opens or accepts connections in the VPC."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from checks.reachability.node import DUAL_STACK, INTERNET, IPV4, Kind, Node
from checks.reachability.resolve import ResolvedResource, Resolver, Section, UnresolvedError
from checks.reachability.security_groups import default_group
from checks.reachability.unsupported import UnsupportedError
from checks.reachability.vpc import Subnet, Vpc
from checks.templates import Reference

# Amazon RDS User Guide, "Amazon RDS Proxy": a proxy listens on its engine's default port.
_PROXY_PORTS = {"POSTGRESQL": 5432, "MYSQL": 3306, "SQLSERVER": 1433}


def read_nodes(resolver: Resolver, vpc: Vpc, groups: Collection[Reference]) -> dict[str, Node]:
    """Every node by name: the name of its kind if it is the only one, else a name derived from its logical id."""
    reader = _NodeReader(resolver=resolver, vpc=vpc, groups=groups)
    found: dict[str, Node] = {INTERNET.name: INTERNET}
    for nodes in (
        reader.load_balancers(),
        reader.instances(),
        reader.functions(),
        reader.proxies(),
        reader.databases(),
    ):
        several = list(nodes)
        for node in several:
            only = len(several) == 1 and node.kind is not Kind.FUNCTION
            _add(found, replace(node, name=node.kind.value) if only else node)
    for node in reader.endpoints():
        _add(found, node)
    if vpc.nat_gateways:
        _add(found, reader.nat())
    return found


def _add(found: dict[str, Node], node: Node) -> None:
    if node.name in found:
        raise UnsupportedError(f"two nodes have the name {node.name!r}: give one of them another construct id")
    found[node.name] = node


@dataclass(frozen=True, kw_only=True)
class _NodeReader:
    resolver: Resolver
    vpc: Vpc
    groups: Collection[Reference]

    def load_balancers(self) -> Iterator[Node]:
        for resource in self.resolver.resources("AWS::ElasticLoadBalancingV2::LoadBalancer"):
            if resource.get("Type", "application") != "application" or "SubnetMappings" in resource.raw:
                raise UnsupportedError(f"{resource.at}: only application load balancers with Subnets are covered")
            # The default of Elastic Load Balancing is internet-facing.
            facing = resource.get("Scheme", "internet-facing") == "internet-facing"
            kind = str(resource.get("IpAddressType", "ipv4"))
            yield Node(
                name=resource.name("LoadBalancer"),
                kind=Kind.LOAD_BALANCER,
                resource_id=resource.id_,
                subnets=self._subnets(resource, "Subnets"),
                groups=self._groups(resource, "SecurityGroups"),
                ports=tuple(sorted(self._listener_ports(resource))),
                families=DUAL_STACK if kind.startswith("dualstack") else IPV4,
                public_ipv4=facing and kind != "dualstack-without-public-ipv4",
                public_ipv6=facing
                or resource.value_of("LoadBalancerAttributes", "ipv6.deny_all_igw_traffic") == "false",
            )

    def _listener_ports(self, balancer: ResolvedResource) -> set[int]:
        listeners = self.resolver.resources("AWS::ElasticLoadBalancingV2::Listener")
        own = (one for one in listeners if one.require("LoadBalancerArn") == balancer.reference)
        return {int(listener.require("Port")) for listener in own}

    def instances(self) -> Iterator[Node]:
        for group in self.resolver.resources("AWS::AutoScaling::AutoScalingGroup"):
            template = self._launch_template(group).section("LaunchTemplateData")
            interfaces = template.sections("NetworkInterfaces")
            if len(interfaces) > 1:
                raise UnsupportedError(f"{template.at} has several network interfaces; reachability covers only one")
            if interfaces and any(name.startswith("Ipv6") for name in interfaces[0].raw):
                raise UnsupportedError(
                    f"{template.at} requests IPv6 addresses itself; reachability covers only subnets that assign them"
                )
            # Without a network interface, the template itself names the security groups.
            interface, groups = (interfaces[0], "Groups") if interfaces else (template, "SecurityGroupIds")
            public = interface.get("AssociatePublicIpAddress")
            ports = {
                int(self.resolver.find(one, "AWS::ElasticLoadBalancingV2::TargetGroup", at=group.at).require("Port"))
                for one in group.get("TargetGroupARNs", [])
            }
            yield Node(
                name=group.name("ASG"),
                kind=Kind.INSTANCES,
                resource_id=group.id_,
                subnets=self._subnets(group, "VPCZoneIdentifier"),
                groups=self._groups(interface, groups),
                ports=tuple(sorted(ports)),
                answers_any=True,
                families=DUAL_STACK,
                public_ipv4=None if public is None else interface.flag("AssociatePublicIpAddress"),
            )

    def _launch_template(self, group: ResolvedResource) -> ResolvedResource:
        mixed = group.section("MixedInstancesPolicy").section("LaunchTemplate")
        sections: list[Section] = [group.section("LaunchTemplate"), mixed.section("LaunchTemplateSpecification")]
        sections += [one.section("LaunchTemplateSpecification") for one in mixed.sections("Overrides")]
        named = {section.get("LaunchTemplateId") for section in sections if "LaunchTemplateId" in section.raw}
        if len(named) != 1:
            raise UnsupportedError(f"{group.at} must use exactly one launch template by id, got {len(named)}")
        return self.resolver.find(named.pop(), "AWS::EC2::LaunchTemplate", at=group.at)

    def functions(self) -> Iterator[Node]:
        for function in self.resolver.resources("AWS::Lambda::Function"):
            if "VpcConfig" not in function.raw:
                continue  # it runs outside the VPC, and no path leads from there into the VPC
            vpc_config = function.section("VpcConfig")
            yield Node(
                name=function.name("Function"),
                kind=Kind.FUNCTION,
                resource_id=function.id_,
                subnets=self._subnets(vpc_config, "SubnetIds"),
                groups=self._groups(vpc_config, "SecurityGroupIds"),
                families=DUAL_STACK if vpc_config.flag("Ipv6AllowedForDualStack") else IPV4,
            )

    def proxies(self) -> Iterator[Node]:
        for proxy in self.resolver.resources("AWS::RDS::DBProxy"):
            yield Node(
                name=proxy.name("Proxy"),
                kind=Kind.PROXY,
                resource_id=proxy.id_,
                subnets=self._subnets(proxy, "VpcSubnetIds"),
                groups=self._groups(proxy, "VpcSecurityGroupIds"),
                ports=(_PROXY_PORTS[str(proxy.require("EngineFamily"))],),
            )

    def databases(self) -> Iterator[Node]:
        instances = list(self.resolver.resources("AWS::RDS::DBInstance"))
        for cluster in self.resolver.resources("AWS::RDS::DBCluster"):
            members = [one for one in instances if self._cluster(one) == cluster.reference]
            yield self._database(cluster, members or [cluster])
        for instance in instances:
            if self._cluster(instance) is None:
                yield self._database(instance, [instance])

    def _cluster(self, instance: ResolvedResource) -> Reference | None:
        name = instance.get("DBClusterIdentifier")
        if name is None:
            return None
        return self.resolver.find(name, "AWS::RDS::DBCluster", at=f"{instance.at}.DBClusterIdentifier").reference

    def _database(self, resource: ResolvedResource, servers: list[ResolvedResource]) -> Node:
        """One instance, or a cluster with its instances, which have public addresses of their own."""
        group = resource.require("DBSubnetGroupName")
        clustered = resource.type == "AWS::RDS::DBCluster"
        return Node(
            name=resource.name("Cluster" if clustered else "Instance"),
            kind=Kind.DATABASE,
            resource_id=resource.id_,
            subnets=self._subnets(self.resolver.find(group, "AWS::RDS::DBSubnetGroup", at=resource.at), "SubnetIds"),
            groups=self._groups(resource, "VpcSecurityGroupIds" if clustered else "VPCSecurityGroups"),
            ports=(int(resource.require("Port")),),
            families=DUAL_STACK if resource.get("NetworkType") == "DUAL" else IPV4,
            # The default is true if the VPC has an internet gateway (RDS API Reference, "CreateDBInstance").
            public_ipv4=any(
                server.flag("PubliclyAccessible", default=bool(self.vpc.internet_gateways)) for server in servers
            ),
        )

    def endpoints(self) -> Iterator[Node]:
        for endpoint in self.resolver.resources("AWS::EC2::VPCEndpoint"):
            name = str(endpoint.require("ServiceName"))
            # com.amazonaws.<region>.<service>; a service may contain dots
            service = ".".join(name.removeprefix("cn.").split(".")[3:]) or name
            match endpoint.get("VpcEndpointType", "Gateway"):
                case "Gateway":
                    tables = tuple(endpoint.get("RouteTableIds", []))
                    # S3 and DynamoDB also answer without TLS, unless a policy denies it.
                    yield Node(
                        name=f"{service} gateway",
                        kind=Kind.GATEWAY_ENDPOINT,
                        ports=(80, 443),
                        route_tables=tables,
                        service=service,
                    )
                case "Interface":
                    yield Node(
                        name=f"{service} endpoint",
                        kind=Kind.ENDPOINT,
                        subnets=self._subnets(endpoint, "SubnetIds"),
                        groups=self._groups(endpoint, "SecurityGroupIds"),
                        ports=(443,),
                        families=IPV4 if endpoint.get("IpAddressType", "ipv4") == "ipv4" else DUAL_STACK,
                    )
                case other:
                    raise UnsupportedError(
                        f"{endpoint.at} is an endpoint of type {other}, which reachability doesn't cover"
                    )

    def nat(self) -> Node:
        """All NAT gateways as one node; they have no security groups."""
        zonal = {nat.subnet.reference: nat.subnet for nat in self.vpc.nat_gateways.values() if nat.subnet}
        public = any(nat.public for nat in self.vpc.nat_gateways.values())
        return Node(name=Kind.NAT.value, kind=Kind.NAT, subnets=tuple(zonal.values()), public_ipv4=public)

    def _subnets(self, section: Section, name: str) -> tuple[Subnet, ...]:
        references = section.require(name)
        unknown = [one for one in references if one not in self.vpc.subnets]
        if unknown:
            raise UnresolvedError(f"{section.at}.{name} contains {unknown[0]}, which is no subnet in these templates")
        return tuple(self.vpc.subnets[one] for one in references)

    def _groups(self, section: Section, name: str) -> tuple[Reference, ...]:
        groups = section.get(name) or (default_group(self.resolver),)
        for group in groups:
            if group not in self.groups:
                raise UnresolvedError(
                    f"{section.at}.{name} contains {group}, which is no security group in these templates"
                )
        return tuple(groups)
