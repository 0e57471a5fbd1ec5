"""The VPC: subnets with their routes and network ACLs, and the gateways that are targets of routes."""

from collections import defaultdict
from dataclasses import dataclass
from ipaddress import ip_network

from checks.reachability.acl import Acl, default_acl, read_acls
from checks.reachability.ranges import NOTHING, PUBLIC, Block, Family, Ranges, addresses
from checks.reachability.resolve import REGION, VPC_IPV6_BLOCK, ResolvedResource, Resolver, UnresolvedError
from checks.reachability.unsupported import UnsupportedError
from checks.templates import Reference

INTERNET_GATEWAY = "AWS::EC2::InternetGateway"
EGRESS_ONLY = "AWS::EC2::EgressOnlyInternetGateway"
NAT_GATEWAY = "AWS::EC2::NatGateway"
# The property that names a route's target, and the one type of target that the model covers there.
_TARGETS = {
    "GatewayId": INTERNET_GATEWAY,
    "NatGatewayId": NAT_GATEWAY,
    "EgressOnlyInternetGatewayId": EGRESS_ONLY,
}
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock")


@dataclass(frozen=True, kw_only=True)
class Route:
    """A route to one block of addresses; its target is a gateway."""

    destination: Block
    type: str
    target: Reference


@dataclass(frozen=True, kw_only=True)
class Subnet:
    """One subnet. `routes` are the routes out of the VPC, the most specific first."""

    name: str
    reference: Reference
    tier: str
    zone: str
    blocks: tuple[Block, ...]
    route_table: Reference | None
    routes: tuple[Route, ...]
    acl: Acl
    gives_public_ipv4: bool
    gives_ipv6: bool

    def addresses(self, family: Family) -> Ranges:
        """Its addresses of one IP version."""
        return addresses(*(block for block in self.blocks if block.version == family))


@dataclass(frozen=True, kw_only=True)
class NatGateway:
    """A NAT gateway. `subnet` is None for a regional one, which AWS places in every zone."""

    reference: Reference
    public: bool
    subnet: Subnet | None


@dataclass(frozen=True, kw_only=True)
class Vpc:
    """The whole network. `internet` contains the public addresses outside the VPC, by IP version."""

    subnets: dict[Reference, Subnet]
    nat_gateways: dict[Reference, NatGateway]
    internet: dict[Family, Ranges]
    internet_gateways: frozenset[Reference]  # only those attached to the VPC


def read_vpc(resolver: Resolver) -> Vpc:
    """The only VPC in the templates."""
    own = _vpc_blocks(resolver)
    internet: dict[Family, Ranges] = {
        4: PUBLIC[4] - addresses(*(block for block in own if block.version == 4)),
        6: PUBLIC[6] - addresses(*(block for block in own if block.version == 6)),
    }
    subnets = _subnets(resolver, _routes(resolver, own))
    return Vpc(
        subnets=subnets,
        nat_gateways={nat.reference: _nat(nat, subnets) for nat in resolver.resources(NAT_GATEWAY)},
        internet=internet,
        internet_gateways=frozenset(_attached(resolver)),
    )


def _vpc_blocks(resolver: Resolver) -> list[Block]:
    (vpc,) = resolver.resources("AWS::EC2::VPC")
    if (first := vpc.block("CidrBlock")) is None:
        raise UnresolvedError(f"{vpc.at} has no CidrBlock, which reachability needs")
    more = (resource.block("CidrBlock") for resource in resolver.resources("AWS::EC2::VPCCidrBlock"))
    return [first, ip_network(VPC_IPV6_BLOCK), *(block for block in more if block)]


def _attached(resolver: Resolver) -> list[Reference]:
    found = []
    for attachment in resolver.resources("AWS::EC2::VPCGatewayAttachment"):
        if "VpnGatewayId" in attachment.raw:
            raise UnsupportedError(f"{attachment.at} attaches a VPN gateway, which reachability doesn't cover")
        gateway = resolver.find(attachment.require("InternetGatewayId"), INTERNET_GATEWAY, at=attachment.at)
        found.append(gateway.reference)
    return found


def _routes(resolver: Resolver, own: list[Block]) -> dict[Reference, list[Route]]:
    """The routes of each table, without the local one to the VPC itself, which templates can't change."""
    tables: dict[Reference, list[Route]] = {table.reference: [] for table in resolver.resources("AWS::EC2::RouteTable")}
    for resource in resolver.resources("AWS::EC2::Route"):
        table = resolver.find(resource.require("RouteTableId"), "AWS::EC2::RouteTable", at=resource.at)
        tables[table.reference].append(_route(resolver, resource, own))
    return tables


def _route(resolver: Resolver, resource: ResolvedResource, own: list[Block]) -> Route:
    unknown = [name for name in resource.raw if name not in (*_TARGETS, *_DESTINATIONS, "RouteTableId")]
    if unknown:
        raise UnsupportedError(
            f"{resource.at} has {', '.join(unknown)}, a kind of route that reachability doesn't cover"
        )
    destinations = [block for name in _DESTINATIONS if (block := resource.block(name)) is not None]
    names = [name for name in _TARGETS if resource.get(name) is not None]
    if len(destinations) != 1 or len(names) != 1:
        raise UnresolvedError(f"{resource.at} must have one destination and one target of {', '.join(_TARGETS)}")
    (destination,) = destinations
    for block in own:
        # Amazon VPC User Guide, "Route priority": a route that is more specific than the local one takes precedence.
        if destination.version == block.version and addresses(destination) - addresses(block) == NOTHING:
            raise UnsupportedError(f"{resource.at} redirects traffic inside the VPC, which reachability doesn't cover")
    (name,) = names
    target = resolver.find(resource.get(name), _TARGETS[name], at=f"{resource.at}.{name}")
    return Route(destination=destination, type=target.type, target=target.reference)


def _subnets(resolver: Resolver, tables: dict[Reference, list[Route]]) -> dict[Reference, Subnet]:
    acls, acl_of = read_acls(resolver), _associations(resolver, "AWS::EC2::SubnetNetworkAclAssociation", "NetworkAclId")
    table_of = _associations(resolver, "AWS::EC2::SubnetRouteTableAssociation", "RouteTableId")
    changed = [acl for owner, acl in acls.items() if owner.attribute]
    default = changed[0] if changed else default_acl()
    found = {}
    for resource in resolver.resources("AWS::EC2::Subnet"):
        table, acl = table_of.get(resource.reference), acl_of.get(resource.reference)
        if (table and table not in tables) or (acl and acl not in acls):
            raise UnresolvedError(f"{resource.at} has a route table or network ACL that is in no template")
        found[resource.reference] = Subnet(
            name=_name(resource),
            reference=resource.reference,
            tier=_tier(resource),
            zone=str(resource.get("AvailabilityZoneId") or resource.require("AvailabilityZone")).removeprefix(REGION),
            blocks=tuple(
                block for name in ("CidrBlock", "Ipv6CidrBlock") if (block := resource.block(name)) is not None
            ),
            route_table=table,
            # A subnet without a table of its own uses the VPC's main one, to which no template adds a route.
            routes=tuple(sorted(tables[table], key=lambda route: -route.destination.prefixlen)) if table else (),
            acl=acls[acl] if acl else default,
            gives_public_ipv4=resource.flag("MapPublicIpOnLaunch"),
            gives_ipv6=resource.flag("AssignIpv6AddressOnCreation"),
        )
    return found


def _associations(resolver: Resolver, type_: str, name: str) -> dict[Reference, Reference]:
    found: dict[Reference, list[Reference]] = defaultdict(list)
    for association in resolver.resources(type_):
        subnet = resolver.find(association.require("SubnetId"), "AWS::EC2::Subnet", at=association.at)
        found[subnet.reference].append(association.require(name))
    for subnet_reference, owners in found.items():
        if len(owners) > 1:
            raise UnsupportedError(f"{subnet_reference} has several associations of type {type_}: AWS keeps only one")
    return {subnet_reference: owners[0] for subnet_reference, owners in found.items()}


def _name(resource: ResolvedResource) -> str:
    """The last part of the tag Name, into which the CDK writes the construct path; else a name from the logical id."""
    return (resource.value_of("Tags", "Name") or resource.name("Subnet")).rpartition("/")[2]


def _tier(resource: ResolvedResource) -> str:
    """The CDK's name of the subnet group; without the CDK's tag, the subnet's name without its number."""
    named = resource.value_of("Tags", "aws-cdk:subnet-name")
    return named or _name(resource).rstrip("0123456789").removesuffix("Subnet")


def _nat(resource: ResolvedResource, subnets: dict[Reference, Subnet]) -> NatGateway:
    subnet = resource.get("SubnetId")
    if (subnet is None) != (resource.get("AvailabilityMode") == "regional") or (subnet and subnet not in subnets):
        raise UnresolvedError(f"{resource.at} must be regional or name a subnet in these templates")
    return NatGateway(
        reference=resource.reference,
        public=resource.get("ConnectivityType", "public") == "public",
        subnet=subnets[subnet] if subnet else None,
    )
