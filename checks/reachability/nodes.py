"""Finds every node in the templates by its type: everything that opens connections or accepts them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from checks.reachability.guard import UnsupportedError
from checks.reachability.naming import meaning
from checks.reachability.network import Network, Subnet
from checks.reachability.node import DUAL_STACK, INTERNET, IPV4, Kind, Node
from checks.reachability.resolve import Resolver, Resource, Section, UnresolvedError
from checks.reachability.security_groups import DEFAULT_GROUP
from checks.templates import Reference

# Amazon RDS User Guide, "Amazon RDS Proxy": a proxy listens on its engine's default port.
_PROXY_PORTS = {"POSTGRESQL": 5432, "MYSQL": 3306, "SQLSERVER": 1433}


def read_nodes(resolver: Resolver, network: Network, groups: Collection[Reference]) -> dict[str, Node]:
    """Every node by its name. What stands alone of its kind is called by its kind, else by its logical id."""
    reader = _Reader(resolver=resolver, network=network, groups=groups)
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
            alone = len(several) == 1 and node.kind is not Kind.FUNCTION
            _add(found, replace(node, name=node.kind.value) if alone else node)
    for node in reader.endpoints():
        _add(found, node)
    if network.nat_gateways:
        _add(found, reader.nat())
    return found


def _add(found: dict[str, Node], node: Node) -> None:
    if node.name in found:
        raise UnsupportedError(f"two nodes are called {node.name!r}: give one of them another construct id")
    found[node.name] = node


@dataclass(frozen=True, kw_only=True)
class _Reader:
    resolver: Resolver
    network: Network
    groups: Collection[Reference]

    def load_balancers(self) -> Iterator[Node]:
        for resource in self.resolver.resources("AWS::ElasticLoadBalancingV2::LoadBalancer"):
            if resource.get("Type", "application") != "application" or "SubnetMappings" in resource.raw:
                raise UnsupportedError(f"{resource.at}: only application load balancers with Subnets are covered")
            # Elastic Load Balancing's default is to face the internet.
            facing = resource.get("Scheme", "internet-facing") == "internet-facing"
            kind = str(resource.get("IpAddressType", "ipv4"))
            yield Node(
                name=meaning(resource.reference.place.id, "LoadBalancer"),
                kind=Kind.LOAD_BALANCER,
                subnets=self._subnets(resource, "Subnets"),
                groups=self._groups(resource, "SecurityGroups"),
                ports=tuple(sorted(self._listener_ports(resource))),
                families=DUAL_STACK if kind.startswith("dualstack") else IPV4,
                public_ipv4=facing and kind != "dualstack-without-public-ipv4",
                public_ipv6=facing or _attribute(resource, "ipv6.deny_all_igw_traffic") == "false",
            )

    def _listener_ports(self, balancer: Resource) -> set[int]:
        listeners = self.resolver.resources("AWS::ElasticLoadBalancingV2::Listener")
        own = (one for one in listeners if one.require("LoadBalancerArn") == balancer.reference)
        return {int(listener.require("Port")) for listener in own}

    def instances(self) -> Iterator[Node]:
        for group in self.resolver.resources("AWS::AutoScaling::AutoScalingGroup"):
            template = self._launch_template(group).section("LaunchTemplateData")
            cards = template.sections("NetworkInterfaces")
            if len(cards) > 1:
                raise UnsupportedError(
                    f"{template.at} has several network interfaces, of which reachability covers one"
                )
            if cards and any(name.startswith("Ipv6") for name in cards[0].raw):
                raise UnsupportedError(
                    f"{template.at} asks for IPv6 addresses itself; reachability looks at subnets only"
                )
            said = cards[0].get("AssociatePublicIpAddress") if cards else None
            ports = {
                int(self.resolver.find(one, "AWS::ElasticLoadBalancingV2::TargetGroup", at=group.at).require("Port"))
                for one in group.get("TargetGroupARNs", [])
            }
            yield Node(
                name=meaning(group.reference.place.id, "ASG"),
                kind=Kind.INSTANCES,
                subnets=self._subnets(group, "VPCZoneIdentifier"),
                groups=self._groups(cards[0], "Groups") if cards else self._groups(template, "SecurityGroupIds"),
                ports=tuple(sorted(ports)),
                answers_any=True,
                families=DUAL_STACK,
                public_ipv4=None if said is None else _true(said),
            )

    def _launch_template(self, group: Resource) -> Resource:
        mixed = group.section("MixedInstancesPolicy").section("LaunchTemplate")
        places: list[Section] = [group.section("LaunchTemplate"), mixed.section("LaunchTemplateSpecification")]
        places += [one.section("LaunchTemplateSpecification") for one in mixed.sections("Overrides")]
        named = {place.get("LaunchTemplateId") for place in places if "LaunchTemplateId" in place.raw}
        if len(named) != 1:
            raise UnsupportedError(f"{group.at} must start from exactly one launch template by id, got {len(named)}")
        return self.resolver.find(named.pop(), "AWS::EC2::LaunchTemplate", at=group.at)

    def functions(self) -> Iterator[Node]:
        for function in self.resolver.resources("AWS::Lambda::Function"):
            if "VpcConfig" not in function.raw:
                continue  # it runs in AWS's own network, from which no way leads into this one
            place = function.section("VpcConfig")
            yield Node(
                name=meaning(function.reference.place.id, "Function"),
                kind=Kind.FUNCTION,
                subnets=self._subnets(place, "SubnetIds"),
                groups=self._groups(place, "SecurityGroupIds"),
                families=DUAL_STACK if _true(place.get("Ipv6AllowedForDualStack")) else IPV4,
            )

    def proxies(self) -> Iterator[Node]:
        for proxy in self.resolver.resources("AWS::RDS::DBProxy"):
            yield Node(
                name=meaning(proxy.reference.place.id, "Proxy"),
                kind=Kind.PROXY,
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

    def _cluster(self, instance: Resource) -> Reference | None:
        name = instance.get("DBClusterIdentifier")
        if name is None:
            return None
        return self.resolver.find(name, "AWS::RDS::DBCluster", at=f"{instance.at}.DBClusterIdentifier").reference

    def _database(self, resource: Resource, servers: list[Resource]) -> Node:
        """One instance, or a cluster with its instances, which have public addresses of their own."""
        group = resource.require("DBSubnetGroupName")
        clustered = resource.type == "AWS::RDS::DBCluster"
        return Node(
            name=meaning(resource.reference.place.id, "Cluster" if clustered else "Instance"),
            kind=Kind.DATABASE,
            subnets=self._subnets(self.resolver.find(group, "AWS::RDS::DBSubnetGroup", at=resource.at), "SubnetIds"),
            groups=self._groups(resource, "VpcSecurityGroupIds" if clustered else "VPCSecurityGroups"),
            ports=(int(resource.require("Port")),),
            families=DUAL_STACK if resource.get("NetworkType") == "DUAL" else IPV4,
            public_ipv4=any(self._is_public(server) for server in servers),
        )

    def _is_public(self, instance: Resource) -> bool:
        """As RDS decides (Amazon RDS API Reference, "CreateDBInstance"): unsaid, it is public where a gateway is."""
        said = instance.get("PubliclyAccessible")
        return bool(self.network.internet_gateways) if said is None else _true(said)

    def endpoints(self) -> Iterator[Node]:
        for endpoint in self.resolver.resources("AWS::EC2::VPCEndpoint"):
            name = str(endpoint.require("ServiceName"))
            # com.amazonaws.<region>.<service>, where a service may have dots of its own
            service = ".".join(name.removeprefix("cn.").split(".")[3:]) or name
            match endpoint.get("VpcEndpointType", "Gateway"):
                case "Gateway":
                    tables = tuple(endpoint.get("RouteTableIds", []))
                    # S3 and DynamoDB answer without encryption too, unless a policy refuses.
                    yield Node(
                        name=f"{service} gateway", kind=Kind.GATEWAY_ENDPOINT, ports=(80, 443), route_tables=tables
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
                    raise UnsupportedError(f"{endpoint.at} is an endpoint of type {other}, which isn't covered")

    def nat(self) -> Node:
        """All public NAT gateways as one: each stands in its own subnet, and no security group guards it."""
        zonal = {nat.subnet.reference: nat.subnet for nat in self.network.nat_gateways.values() if nat.subnet}
        public = any(nat.public for nat in self.network.nat_gateways.values())
        return Node(name=Kind.NAT.value, kind=Kind.NAT, subnets=tuple(zonal.values()), public_ipv4=public)

    def _subnets(self, place: Section, name: str) -> tuple[Subnet, ...]:
        references = place.require(name)
        unknown = [one for one in references if one not in self.network.subnets]
        if unknown:
            raise UnresolvedError(f"{place.at}.{name} holds {unknown[0]}, which is no subnet of these templates")
        return tuple(self.network.subnets[one] for one in references)

    def _groups(self, place: Section, name: str) -> tuple[Reference, ...]:
        groups = place.get(name) or (self._default_group(),)
        for group in groups:
            if group not in self.groups:
                raise UnresolvedError(f"{place.at}.{name} holds {group}, which is no security group of these templates")
        return tuple(groups)

    def _default_group(self) -> Reference:
        """The VPC's default security group, which AWS gives to what names none."""
        (vpc,) = self.resolver.resources("AWS::EC2::VPC")
        return Reference(place=vpc.reference.place, attribute=DEFAULT_GROUP)


def _attribute(balancer: Resource, key: str) -> str:
    found = [one.get("Value") for one in balancer.sections("LoadBalancerAttributes") if one.get("Key") == key]
    return str(found[0]) if found else ""


def _true(value: object) -> bool:
    return str(value).lower() == "true"
