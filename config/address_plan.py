"""The address plan: one contiguous block for each tier, with room for six zones.

A tier's block holds eight equal slots (the next power of two above six zones). So one CIDR names the whole tier in a
firewall rule, and a zone that is added later uses a free slot and moves no subnet.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal

Tier = Literal["public", "app", "data"]
TIERS: tuple[Tier, ...] = ("public", "app", "data")
MAX_ZONES = 6
SLOT_BITS = 3
SLOTS = 8  # 2 ** SLOT_BITS; two of them stay unused, so that one CIDR covers a tier
AWS_RESERVED_ADDRESSES = 5  # in each subnet (Amazon VPC User Guide, "Subnet CIDR blocks")


@dataclass(frozen=True, kw_only=True)
class AddressPlan:
    """Blocks and subnets of the three tiers inside `vpc`.

    Prefixes are the lengths of one *subnet's* CIDR. Raises ValueError where the tiers don't fit into `vpc`.
    """

    vpc: IPv4Network
    public_prefix: int
    app_prefix: int
    data_prefix: int

    def __post_init__(self) -> None:
        self.blocks()

    def blocks(self) -> dict[Tier, IPv4Network]:
        """Each tier's block. The largest comes first, so that every block is aligned without gaps."""
        prefixes: dict[Tier, int] = {"app": self.app_prefix, "data": self.data_prefix, "public": self.public_prefix}
        blocks: dict[Tier, IPv4Network] = {}
        start = int(self.vpc.network_address)
        for tier, prefix in sorted(prefixes.items(), key=lambda item: item[1]):
            block = IPv4Network((start, prefix - SLOT_BITS))
            if not block.subnet_of(self.vpc):
                raise ValueError(
                    f"{self.vpc} has no room for the {tier} tier: eight /{prefix} subnets take a /{prefix - SLOT_BITS}"
                )
            blocks[tier] = block
            start += block.num_addresses
        return blocks

    def subnet(self, tier: Tier, zone: int) -> IPv4Network:
        """The subnet of `tier` in the zone with that index, counted from 0."""
        block = self.blocks()[tier]
        return list(block.subnets(prefixlen_diff=SLOT_BITS))[zone]


def ipv6_subnet(tier: Tier, zone: int) -> int:
    """Which of the VPC's /64 blocks, counted from 0, is the IPv6 side of that subnet: eight in a row for each tier."""
    return TIERS.index(tier) * SLOTS + zone


def usable_addresses(prefix: int) -> int:
    """Addresses a subnet of that prefix length leaves for network interfaces."""
    return int(2 ** (32 - prefix)) - AWS_RESERVED_ADDRESSES
