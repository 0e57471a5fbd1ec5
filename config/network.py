"""Configuration of the VPC: addresses, availability zones, NAT, endpoints, and what is logged."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal

from config.address_plan import MAX_ZONES, TIERS, AddressPlan
from config.checks import ConfigError, ConfigSection

ZONE_ID = r"[a-z]+\d-az\d"


@dataclass(frozen=True, kw_only=True)
class _Zones(ConfigSection):
    PATH = "network.zones."

    count: int = 3

    def check(self) -> None:
        fix = f"with one zone an outage stops everything, and the address plan has room for {MAX_ZONES}"
        self.require_between("count", 2, MAX_ZONES, fix)


class AnyZones(_Zones):
    """The region's first `count` availability zones, in whatever order AWS lists them for the account."""


class NamedZones(_Zones):
    """The region's first `count` availability zones by name (config/regions.py): their order never changes."""


@dataclass(frozen=True, kw_only=True)
class ListedZones(ConfigSection):
    """These availability zones, in this order: all by letter (`a`), or all by id (`euc1-az2`).

    An id means the same zone in every account; a letter need not. Not every zone has every service (config/regions.py).
    Add zones only at the end: AWS refuses to move a subnet to another zone.
    """

    PATH = "network.zones."

    zones: tuple[str, ...]

    def check(self) -> None:
        fix = f"with one zone an outage stops everything, and the address plan has room for {MAX_ZONES}"
        self.require(2 <= self.count <= MAX_ZONES, "zones", f"2 to {MAX_ZONES} zones", fix)
        self.require(len(set(self.zones)) == self.count, "zones", "each named once", "leave out the repetition")
        self.require(
            any(all(re.fullmatch(form, zone) for zone in self.zones) for form in (r"[a-z]", ZONE_ID)),
            "zones",
            "all letters like 'a', or all zone ids like 'euc1-az2'",
            "`aws ec2 describe-availability-zones` lists the names and ids of yours",
        )

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.zones)

    @property
    def are_ids(self) -> bool:
        """Whether they are zone ids, not letters."""
        return len(self.zones[0]) > 1


Zones = AnyZones | NamedZones | ListedZones


@dataclass(frozen=True)
class NatPerZone:
    """A NAT gateway in each zone, billed by the hour and the gigabyte. A zone that fails loses only its own egress."""


@dataclass(frozen=True)
class SingleNat:
    """One NAT gateway for all zones, plus a price for traffic between zones. If its zone fails, all egress is lost."""


@dataclass(frozen=True)
class RegionalNat:
    """One NAT gateway that AWS spreads over the zones in use, billed for each. A new zone may wait an hour for it."""


@dataclass(frozen=True)
class NoNat:
    """No NAT gateway. The services in use get interface endpoints, billed by zone and hour; every other call fails."""


Nat = NatPerZone | SingleNat | RegionalNat | NoNat


@dataclass(frozen=True)
class Ipv4:
    """IPv4 alone."""


@dataclass(frozen=True)
class DualStack:
    """IPv4 and IPv6 in all tiers. The app tier reaches the internet over IPv6 without NAT and its price."""


Addressing = Ipv4 | DualStack


@dataclass(frozen=True, kw_only=True)
class FlowLogToCloudWatch(ConfigSection):
    """The flow log in a CloudWatch log group: quick to search, expensive at high volume."""

    PATH = "network.flow_log."

    days: int

    def check(self) -> None:
        self.require_log_days("days")


@dataclass(frozen=True)
class FlowLogToS3:
    """The flow log in the log bucket, kept as long as the bucket's other logs: cheap, searched with Athena."""


FlowLog = FlowLogToCloudWatch | FlowLogToS3

PRIVATE_NETWORKS = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))  # RFC 1918

InterfaceEndpoint = Literal[
    "cloudformation",
    "ec2messages",
    "events",
    "kms",
    "logs",
    "monitoring",
    "secretsmanager",
    "sqs",
    "ssm",
    "ssmmessages",
    "sts",
    "xray",
]
# AWS services that functions call from inside the VPC: logs, the master secret, a message's visibility, traces.
CORE_ENDPOINTS_WITHOUT_NAT: frozenset[InterfaceEndpoint] = frozenset({"logs", "secretsmanager", "sqs", "xray"})


@dataclass(frozen=True, kw_only=True)
class NetworkConfig(ConfigSection):
    """The VPC. Each `*_prefix` is the prefix length of one subnet in that tier.

    `interface_endpoints` are in addition to those that `NoNat()` brings. With `s3_prefix_list`, the id of AWS's prefix
    list for S3 in the region, security groups let functions reach only S3, the interface endpoints and the database,
    even where there is NAT.
    """

    PATH = "network."

    nat: Nat
    zones: Zones
    addressing: Addressing = Ipv4()
    cidr: str = "10.0.0.0/16"
    public_prefix: int = 24
    app_prefix: int = 20
    data_prefix: int = 22
    interface_endpoints: frozenset[InterfaceEndpoint] = frozenset()
    s3_prefix_list: str | None = None
    flow_log: FlowLog
    dns_log_days: int

    def check(self) -> None:
        for tier in TIERS:
            fix = "AWS allows subnets down to /28, and eight of them must fit into a VPC of at most /16"
            self.require_between(f"{tier}_prefix", 19, 28, fix)
        self.require_log_days("dns_log_days")
        self.require(
            self.s3_prefix_list is None or re.fullmatch(r"pl-[0-9a-f]{8,17}", self.s3_prefix_list) is not None,
            "s3_prefix_list",
            "the id of a prefix list, like 'pl-0123abcd', or left open",
            "`aws ec2 describe-managed-prefix-lists --filters Name=prefix-list-name,Values=com.amazonaws.<region>.s3` "
            "shows it",
        )
        self.require(
            not isinstance(self.nat, NoNat) or isinstance(self.addressing, Ipv4),
            "addressing",
            "Ipv4() where network.nat is NoNat()",
            "the app tier reaches the internet over IPv6 by an egress-only gateway; use Ipv4(), or another NAT",
        )
        _ = self.addresses

    @property
    def addresses(self) -> AddressPlan:
        """The CIDR blocks of the tiers and their subnets."""
        try:
            vpc = IPv4Network(self.cidr)
        except ValueError as error:
            raise ConfigError(
                f"network.cidr must be an IPv4 network like 10.0.0.0/16, got {self.cidr!r}: {error}"
            ) from error
        self.require(
            16 <= vpc.prefixlen <= 28,
            "cidr",
            "a network from /16 to /28",
            "AWS accepts no other size (Amazon VPC User Guide, 'VPC CIDR blocks')",
        )
        self.require(
            any(vpc.subnet_of(private) for private in PRIVATE_NETWORKS),
            "cidr",
            "a private network (10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)",
            "AWS refuses some other networks, and hosts on the internet in the rest could not be reached",
        )
        try:
            return AddressPlan(
                vpc=vpc,
                public_prefix=self.public_prefix,
                app_prefix=self.app_prefix,
                data_prefix=self.data_prefix,
            )
        except ValueError as error:
            raise ConfigError(
                f"network.cidr must hold all three tiers, got {self.cidr!r}: {error}; "
                "use a larger network or smaller subnets (a larger network.*_prefix)"
            ) from error
