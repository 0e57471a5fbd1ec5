"""Network ACLs: guard rails around each tier, for the day that somebody opens a security group too far."""

from dataclasses import dataclass
from typing import Literal

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from components.common import ports
from config.address_plan import Tier
from config.web import Exposure, Public

Peer = Tier | Literal["anywhere"]
Peers = dict[Peer, list[ec2.AclCidr]]

SSH, RDP, ALL = (22, 22), (3389, 3389), (0, 65535)
HTTP, HTTPS = (ports.HTTP, ports.HTTP), (ports.HTTPS, ports.HTTPS)
DATABASE = (ports.DATABASE_PROXY, ports.DATABASE)


@dataclass(frozen=True)
class Rule:
    """TCP to or from `peer`, on these destination ports."""

    peer: Peer
    ports: tuple[int, int]
    deny: bool = False


# Lists keep no state: what goes out comes back to an ephemeral port, and needs a rule of its own. What the denials
# trade away: a connection opened from port 3389, one in some 64,000, loses its replies with RDP's, and is tried again.
NO_LOGINS = (Rule("anywhere", SSH, deny=True), Rule("anywhere", RDP, deny=True))
REPLIES = Rule("anywhere", ports.EPHEMERAL)

INBOUND: dict[Tier, tuple[Rule, ...]] = {
    # For the NAT gateways: what app sends out, and what the internet answers.
    "public": (*NO_LOGINS, Rule("app", HTTPS), REPLIES),
    # Answers come from anywhere: those of S3, too, from its public addresses.
    "app": (*NO_LOGINS, Rule("app", ALL), REPLIES),
    "data": (*NO_LOGINS, Rule("app", DATABASE), Rule("data", DATABASE), Rule("data", ports.EPHEMERAL)),
}
OUTBOUND: dict[Tier, tuple[Rule, ...]] = {
    "public": (Rule("anywhere", HTTPS), Rule("app", ports.EPHEMERAL)),
    "app": (Rule("anywhere", HTTPS), Rule("app", ALL), Rule("data", DATABASE), Rule("public", ports.EPHEMERAL)),
    "data": (Rule("app", ports.EPHEMERAL), Rule("data", DATABASE), Rule("data", ports.EPHEMERAL)),
}
# What a load balancer in the public tier needs beside that: its visitors, and answers to them.
PUBLIC_INBOUND = (Rule("anywhere", HTTP), Rule("anywhere", HTTPS))
PUBLIC_OUTBOUND = (Rule("anywhere", ports.EPHEMERAL),)
# Where packets may meet a smaller path: without its "too big" messages large ones vanish (Amazon EC2 User Guide,
# "Network maximum transmission unit (MTU) for your EC2 instance").
MEETS_SMALLER_PATHS: frozenset[Tier] = frozenset({"public", "app"})
NUMBER_STEP = 10


def rules(exposure: Exposure) -> tuple[dict[Tier, tuple[Rule, ...]], dict[Tier, tuple[Rule, ...]]]:
    """The rules of each tier, inbound and outbound."""
    if isinstance(exposure, Public):
        return (
            INBOUND | {"public": INBOUND["public"] + PUBLIC_INBOUND},
            OUTBOUND | {"public": OUTBOUND["public"] + PUBLIC_OUTBOUND},
        )
    return INBOUND, OUTBOUND


class NetworkAcl(Construct):
    """The list of one tier. Data talks to the clients in app and to itself, and to nobody else."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        tier: Tier,
        inbound: tuple[Rule, ...],
        outbound: tuple[Rule, ...],
        peers: Peers,
    ) -> None:
        """`peers` holds the addresses of each tier and of anywhere: of IPv4 and, in a dual-stack VPC, of IPv6."""
        super().__init__(scope, id_)
        self._acl = ec2.NetworkAcl(self, "List", vpc=vpc, subnet_selection=subnets)
        for name, direction, listed in (
            ("In", ec2.TrafficDirection.INGRESS, inbound),
            ("Out", ec2.TrafficDirection.EGRESS, outbound),
        ):
            entries = [
                (cidr, ec2.AclTraffic.tcp_port_range(*rule.ports), rule.deny)
                for rule in listed
                for cidr in peers[rule.peer]
            ]
            if tier in MEETS_SMALLER_PATHS:
                too_big = (ec2.AclTraffic.icmp(type=3, code=4), ec2.AclTraffic.icmpv6(type=2, code=0))
                entries += [(cidr, traffic, False) for cidr, traffic in zip(peers["anywhere"], too_big, strict=False)]
            for index, (cidr, traffic, deny) in enumerate(entries, start=1):
                self._acl.add_entry(
                    f"{name}{index * NUMBER_STEP}",
                    rule_number=index * NUMBER_STEP,
                    direction=direction,
                    traffic=traffic,
                    cidr=cidr,
                    rule_action=ec2.Action.DENY if deny else ec2.Action.ALLOW,
                )
