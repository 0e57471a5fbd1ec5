"""Checks that the account has room for the network, and that its zones have what the network needs."""

from __future__ import annotations

from collections.abc import Iterator

from config.environments import named
from config.network import NatPerZone, NoNat, RegionalNat, SingleNat
from config.regions import ZONES_WITHOUT_NAT
from ops.common.check import Check
from ops.common.environment import DeployedEnvironment
from ops.environment import planned, quotas
from ops.environment.deployed import client

_ENDPOINT = "AWS::EC2::VPCEndpoint"


def zones_exist(environment: DeployedEnvironment) -> Iterator[str]:
    """The account has each zone of the subnets, and may have NAT gateways where the network has them."""
    zones, available = planned.zones(environment), planned.account_zones(environment)
    if None in zones:
        yield (
            f"{zones.count(None)} of the {len(zones)} zones of the network aren't zones of this account: name some of "
            f"{', '.join(zone.name for zone in available)} in network.zones (config/environments.py)"
        )
    nat = named(environment.name).network.nat
    with_nat = {NatPerZone: zones, SingleNat: zones[:1]}.get(type(nat), [])
    for zone in with_nat:
        if zone and zone.id in ZONES_WITHOUT_NAT:
            yield (
                f"{zone.name} is {zone.id} in this account, where new accounts get no NAT gateway: leave it out of "
                "network.zones, or use another network.nat (config/environments.py)"
            )


def addresses_suffice(environment: DeployedEnvironment) -> Iterator[str]:
    """The account can have an Elastic IP for each NAT gateway. A regional one takes an address in each zone."""
    used = len(client(environment, "ec2").describe_addresses()["Addresses"])
    more = _new(environment, "AWS::EC2::EIP")
    if isinstance(named(environment.name).network.nat, RegionalNat) and _new(environment, "AWS::EC2::NatGateway"):
        more += len(planned.zones(environment))
    yield from quotas.exceeded(
        environment, "Elastic IP addresses", service="ec2", code="L-0263D0A3", used=used, more=more
    )


def vpcs_suffice(environment: DeployedEnvironment) -> Iterator[str]:
    """The account can have one more VPC, and the VPC's internet gateway."""
    ec2 = client(environment, "ec2")
    vpcs = sum(len(page["Vpcs"]) for page in ec2.get_paginator("describe_vpcs").paginate())
    gateways = sum(len(page["InternetGateways"]) for page in ec2.get_paginator("describe_internet_gateways").paginate())
    for what, type_, code, used in (
        ("VPCs", "AWS::EC2::VPC", "L-F678F1CE", vpcs),
        ("internet gateways", "AWS::EC2::InternetGateway", "L-A4707A72", gateways),
    ):
        yield from quotas.exceeded(
            environment, what, service="vpc", code=code, used=used, more=_new(environment, type_)
        )


def _new(environment: DeployedEnvironment, type_: str) -> int:
    return sum(resource.is_new for resource in planned.resources(environment, type_))


def endpoints_are_offered(environment: DeployedEnvironment) -> Iterator[str]:
    """Each zone has the services to which the network has interface endpoints."""
    endpoints = [each for each in planned.resources(environment, _ENDPOINT) if each.is_new]
    names = sorted({each.properties["ServiceName"] for each in endpoints if _is_interface(each)})
    if not names:
        return
    answer = client(environment, "ec2").describe_vpc_endpoint_services(
        Filters=[{"Name": "service-name", "Values": names}]
    )
    offered = {each["ServiceName"]: each["AvailabilityZones"] for each in answer["ServiceDetails"]}
    for name in names:
        lacking = [zone.name for zone in planned.zones(environment) if zone and zone.name not in offered.get(name, [])]
        if lacking:
            yield (
                f"{name} has no interface endpoints in {', '.join(lacking)}: leave these zones out of network.zones, "
                "or do without this endpoint by network.nat and network.interface_endpoints (config/environments.py)"
            )


def _is_interface(endpoint: planned.PlannedResource) -> bool:
    return bool(endpoint.properties.get("VpcEndpointType") == "Interface")


def internet_is_allowed(environment: DeployedEnvironment) -> Iterator[str]:
    """The account doesn't block its internet gateways (Amazon VPC User Guide, "Block public access to VPCs")."""
    options = client(environment, "ec2").describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"]
    mode = options.get("InternetGatewayBlockMode", "off")
    needs_internet = not isinstance(named(environment.name).network.nat, NoNat)
    if mode == "block-bidirectional" and needs_internet:
        yield (
            "VPC Block Public Access blocks internet gateways in both directions, so functions and instances reach "
            "nothing: `aws ec2 modify-vpc-block-public-access-options --internet-gateway-block-mode block-ingress`, or "
            "an exclusion for this VPC"
        )


def prefix_list_is_that_of_s3(environment: DeployedEnvironment) -> Iterator[str]:
    """`network.s3_prefix_list` is the list of the region: with another one, functions can't reach S3."""
    configured = named(environment.name).network.s3_prefix_list
    if configured is None:
        return
    filters = [{"Name": "prefix-list-name", "Values": [f"*.{environment.session.region_name}.s3"]}]
    lists = client(environment, "ec2").describe_managed_prefix_lists(Filters=filters)["PrefixLists"]
    right = [each["PrefixListId"] for each in lists]
    if configured not in right:
        yield (
            f"network.s3_prefix_list is {configured}, and the list of S3 in {environment.session.region_name} is "
            f"{', '.join(right) or 'missing'}: correct it in config/environments.py"
        )


CHECKS = (
    Check(name="the account has the zones of the network", problems=zones_exist),
    Check(name="the quota of Elastic IPs suffices", problems=addresses_suffice),
    Check(name="the quotas of VPCs and internet gateways suffice", problems=vpcs_suffice),
    Check(name="the zones have the services of the interface endpoints", problems=endpoints_are_offered),
    Check(name="the prefix list is that of S3 in the region", problems=prefix_list_is_that_of_s3),
    Check(name="the account doesn't block the internet", problems=internet_is_allowed),
)
