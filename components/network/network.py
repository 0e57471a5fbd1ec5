"""The VPC: three tiers of subnets over several availability zones, each with only the egress it needs."""

from collections import Counter
from typing import cast

import jsii
from aws_cdk import Aws, Fn, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from components.common.acknowledgement import AWS_SOLUTIONS, HIPAA, NIST, PCI, acknowledge, by
from components.network.endpoints import Endpoints
from components.network.flow_logs import FlowLogs
from components.network.network_acl import FROM_INTERNET_INBOUND, FROM_INTERNET_OUTBOUND, NetworkAcl, Peers
from config import network as config
from config.address_plan import SLOT_BITS, SLOTS, TIERS, AddressPlan, Tier, ipv6_subnet
from config.regions import zone_letters


def zone_names(zones: config.Zones, region: str | None) -> list[str]:
    """The availability zones to use, without a look-up; `region` is None where it is left open."""
    match zones:
        case config.AnyZones():
            return [Fn.select(index, Fn.get_azs()) for index in range(zones.count)]
        case config.ListedZones() if zones.are_ids:
            return list(zones.zones)
        case config.ListedZones():
            letters = zones.zones
        case config.NamedZones():
            letters = tuple(zone_letters(region)[: zones.count])
    # By a reference even if the region is known: cfn-lint rejects hard-coded zones.
    return [f"{Aws.REGION}{letter}" for letter in letters]


class Network(Construct):
    """A VPC with a public tier for internet traffic, an app tier for workloads and a data tier for the database."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: config.NetworkConfig,
        interface_endpoints: frozenset[config.InterfaceEndpoint],
        log_bucket: s3.IBucket,
        logs_key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self.public_subnets = ec2.SubnetSelection(subnet_group_name="Public")
        self.app_subnets = ec2.SubnetSelection(subnet_group_name="App")
        self.data_subnets = ec2.SubnetSelection(subnet_group_name="Data")
        self.addresses = settings.addresses
        self._s3_prefix_list = settings.s3_prefix_list
        self.dual_stack = isinstance(settings.addressing, config.DualStack)
        self.vpc = self._vpc(settings)
        if isinstance(settings.zones, config.ListedZones) and settings.zones.are_ids:
            self._place_by_id(settings.zones.zones)
        self._accept_public_routes()
        if isinstance(settings.nat, config.RegionalNat):
            self._wait_for_the_internet_gateway()
        if self.dual_stack:
            self._plan_ipv6()
            self._accept_ipv6_addresses()
        self._acls = self._network_acls()
        self._open_to_visitors = False
        self._endpoints = Endpoints(self, "Endpoints", vpc=self.vpc)
        self._endpoints.add_gateways([self.app_subnets, self.data_subnets])
        self._endpoints.add_interfaces(
            interface_endpoints, subnets=self.app_subnets, callers=[self.tier("app"), self.tier("data")]
        )
        FlowLogs(self, "FlowLogs", vpc=self.vpc, settings=settings, bucket=log_bucket, key=logs_key, removal=removal)

    @property
    def anywhere(self) -> list[ec2.IPeer]:
        """Every address of the IP versions in use, as peers of security group rules."""
        return [ec2.Peer.any_ipv4(), *([ec2.Peer.any_ipv6()] if self.dual_stack else [])]

    def first_data_subnets(self, count: int) -> ec2.SubnetSelection:
        """The data subnets of the first zones. A later zone doesn't change this selection."""
        return ec2.SubnetSelection(subnets=self._subnets("data")[:count])

    def tier(self, name: Tier) -> ec2.IPeer:
        """The IPv4 block of a tier, as the peer of a security group rule."""
        return ec2.Peer.ipv4(str(self.addresses.blocks()[name]))

    def security_group(self, scope: Construct, description: str) -> ec2.SecurityGroup:
        """A security group without rules: each client and each destination is named by a rule of its own."""
        return ec2.SecurityGroup(
            scope, "SecurityGroup", vpc=self.vpc, description=description, allow_all_outbound=False
        )

    def allow_calls(self, group: ec2.SecurityGroup) -> None:
        """Allows HTTPS to AWS services: to their endpoints alone, if the configuration has the prefix list of S3.

        Otherwise to anywhere: the addresses of AWS change, and no template knows them.
        """
        if self._s3_prefix_list is None:
            self.allow_https_out(group)
            return
        group.add_egress_rule(ec2.Peer.prefix_list(self._s3_prefix_list), ec2.Port.HTTPS, "S3, by its gateway endpoint")
        group.add_egress_rule(self._endpoints.security_group, ec2.Port.HTTPS, "AWS services, by their endpoints")

    def allow_https_out(self, group: ec2.SecurityGroup) -> None:
        """Allows HTTPS to anywhere, for calls to AWS services, whose addresses change."""
        for peer in self.anywhere:
            group.add_egress_rule(peer, ec2.Port.HTTPS, "AWS services, whose addresses change")

    def allow_visitors_from_internet(self) -> None:
        """Opens the public tier's network ACL to HTTP and HTTPS from the internet."""
        if not self._open_to_visitors:
            self._acls["public"].add_rules(inbound=FROM_INTERNET_INBOUND, outbound=FROM_INTERNET_OUTBOUND)
        self._open_to_visitors = True

    def allow_instance_packages(self) -> None:
        """Lets instances fetch packages and agents from AWS's own buckets, through the gateway to S3."""
        self._endpoints.allow_instance_packages()

    def _vpc(self, settings: config.NetworkConfig) -> ec2.Vpc:
        return ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=cast("ec2.IIpAddresses", _PlannedAddresses(self.addresses)),
            ip_protocol=ec2.IpProtocol.DUAL_STACK if self.dual_stack else ec2.IpProtocol.IPV4_ONLY,
            max_azs=settings.zones.count,
            # The CDK would empty the default security group with a Node.js function, an inline policy and a log group
            # without key or retention; components/network/default_security_group.py needs none of these.
            restrict_default_security_group=False,
            nat_gateway_provider=(
                ec2.NatProvider.regional_gateway() if isinstance(settings.nat, config.RegionalNat) else None
            ),
            nat_gateways=_nat_gateways(settings),
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Public",
                    subnet_type=ec2.SubnetType.PUBLIC,
                    map_public_ip_on_launch=False,
                    ipv6_assign_address_on_creation=False if self.dual_stack else None,
                ),
                ec2.SubnetConfiguration(name="App", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
                ec2.SubnetConfiguration(
                    name="Data",
                    subnet_type=ec2.SubnetType.PRIVATE_ISOLATED,
                    ipv6_assign_address_on_creation=False if self.dual_stack else None,
                ),
            ],
        )

    def _place_by_id(self, zones: tuple[str, ...]) -> None:
        """The CDK writes what it takes for names into AvailabilityZone, and knows no ids."""
        for tier in TIERS:
            for zone, subnet in zip(zones, self._subnets(tier), strict=True):
                resource = cast("ec2.CfnSubnet", subnet.node.default_child)
                resource.availability_zone = None
                resource.availability_zone_id = zone

    def _accept_public_routes(self) -> None:
        acknowledge(
            self.vpc,
            *by(NIST, HIPAA, PCI, rule="VPCNoUnrestrictedRouteToIGW"),
            reason="NAT gateways and a public load balancer need this route; only the public tier has it",
            would_change="if the VPC had neither NAT nor a public load balancer",
        )

    def _accept_ipv6_addresses(self) -> None:
        for subnet in self._subnets("app"):
            acknowledge(
                cast("Construct", subnet),
                *by(NIST, HIPAA, PCI, rule="VPCSubnetAutoAssignPublicIpDisabled"),
                reason="Interfaces in the app tier get IPv6 addresses automatically; the egress-only internet "
                "gateway lets nothing in",
                would_change="with network.addressing = Ipv4()",
            )

    def _wait_for_the_internet_gateway(self) -> None:
        """A regional NAT gateway needs the attachment; the CDK makes it depend on the internet gateway only."""
        for construct in self.vpc.node.find_all():
            if isinstance(construct, ec2.CfnNatGateway):
                construct.node.add_dependency(self.vpc.node.find_child("VPCGW"))

    def _plan_ipv6(self) -> None:
        """Gives each subnet its planned /64. The CDK numbers them in sequence, so a new zone would move them."""
        blocks = Fn.cidr(self._ipv6_block, len(TIERS) * SLOTS, "64")
        for tier in TIERS:
            for zone, subnet in enumerate(self._subnets(tier)):
                resource = cast("ec2.CfnSubnet", subnet.node.default_child)
                resource.ipv6_cidr_block = Fn.select(ipv6_subnet(tier, zone), blocks)

    def _network_acls(self) -> dict[Tier, NetworkAcl]:
        peers: Peers = {tier: [ec2.AclCidr.ipv4(str(block))] for tier, block in self.addresses.blocks().items()}
        if self.dual_stack:
            tiers = Fn.cidr(self._ipv6_block, len(TIERS), str(64 + SLOT_BITS))
            for index, tier in enumerate(TIERS):
                peers[tier].append(ec2.AclCidr.ipv6(Fn.select(index, tiers)))
        peers["anywhere"] = [ec2.AclCidr.any_ipv4(), *([ec2.AclCidr.any_ipv6()] if self.dual_stack else [])]
        subnets = {"public": self.public_subnets, "app": self.app_subnets, "data": self.data_subnets}
        scope = Construct(self, "NetworkAcls")
        acls: dict[Tier, NetworkAcl] = {}
        acknowledge(
            scope,
            *by(AWS_SOLUTIONS, rule="VPC3"),
            reason="Security groups are the main protection; network ACLs protect whole tiers if somebody opens a "
            "security group by mistake",
            would_change="if a network ACL had to name more than tiers",
        )
        for tier in TIERS:
            acls[tier] = NetworkAcl(
                scope, tier.capitalize(), vpc=self.vpc, subnets=subnets[tier], tier=tier, peers=peers
            )
            if self.dual_stack:
                acls[tier].node.add_dependency(self.vpc.node.find_child("ipv6cidr"))  # the rules name parts of it
        return acls

    @property
    def _ipv6_block(self) -> str:
        return Fn.select(0, self.vpc.vpc_ipv6_cidr_blocks)

    def _subnets(self, tier: Tier) -> list[ec2.ISubnet]:
        return self.vpc.select_subnets(subnet_group_name=tier.capitalize()).subnets


def _nat_gateways(settings: config.NetworkConfig) -> int | None:
    """How many NAT gateways there are; None if AWS decides."""
    match settings.nat:
        case config.NatPerZone():
            return settings.zones.count
        case config.SingleNat():
            return 1
        case config.RegionalNat():
            return None
        case config.NoNat():
            return 0


@jsii.implements(ec2.IIpAddresses)
class _PlannedAddresses:
    """Gives the CDK's VPC the subnets of the address plan. The CDK alone would move subnets when a zone is added."""

    def __init__(self, plan: AddressPlan) -> None:
        self._plan = plan

    def allocate_vpc_cidr(self) -> ec2.VpcIpamOptions:
        return ec2.VpcIpamOptions(cidr_block=str(self._plan.vpc))

    def allocate_subnets_cidr(
        self, *, requested_subnets: list[ec2.RequestedSubnet], vpc_cidr: str
    ) -> ec2.SubnetIpamOptions:
        seen: Counter[Tier] = Counter()
        allocated = []
        for subnet in requested_subnets:
            tier = cast("Tier", subnet.configuration.name.lower())
            allocated.append(ec2.AllocatedSubnet(cidr=str(self._plan.subnet(tier, seen[tier]))))
            seen[tier] += 1
        return ec2.SubnetIpamOptions(allocated_subnets=allocated)
