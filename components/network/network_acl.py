"""Network ACLs: a second barrier around each tier, in case a security group allows too much."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from components.common import ports
from config.address_plan import Tier

Peer = Tier | Literal["anywhere"]
Peers = dict[Peer, list[ec2.AclCidr]]

SSH, RDP, ALL = (22, 22), (3389, 3389), (0, 65535)
HTTP, HTTPS = (ports.HTTP, ports.HTTP), (ports.HTTPS, ports.HTTPS)
DATABASE_PORTS = (ports.DATABASE_PROXY, ports.DATABASE)  # a range of these two ports, which are adjacent


@dataclass(frozen=True)
class Rule:
    """TCP to or from `peer`, on these destination ports."""

    peer: Peer
    ports: tuple[int, int]
    deny: bool = False


# Network ACLs are stateless: a reply arrives at an ephemeral port and needs a rule of its own. The denials have a
# cost: if a client opens a connection from port 3389 (about one connection in 64,000), the replies are dropped too, and
# the client must try again.
NO_LOGINS = (Rule("anywhere", SSH, deny=True), Rule("anywhere", RDP, deny=True))
REPLIES = Rule("anywhere", ports.EPHEMERAL)

INBOUND: dict[Tier, tuple[Rule, ...]] = {
    # The NAT gateways receive requests from the app tier, and replies from the internet.
    "public": (*NO_LOGINS, Rule("app", HTTPS), REPLIES),
    # Replies come from any address: S3 too has public addresses.
    "app": (*NO_LOGINS, Rule("app", ALL), REPLIES),
    "data": (*NO_LOGINS, Rule("app", DATABASE_PORTS), Rule("data", DATABASE_PORTS), Rule("data", ports.EPHEMERAL)),
}
OUTBOUND: dict[Tier, tuple[Rule, ...]] = {
    "public": (Rule("anywhere", HTTPS), Rule("app", ports.EPHEMERAL)),
    "app": (Rule("anywhere", HTTPS), Rule("app", ALL), Rule("data", DATABASE_PORTS), Rule("public", ports.EPHEMERAL)),
    "data": (Rule("app", ports.EPHEMERAL), Rule("data", DATABASE_PORTS), Rule("data", ports.EPHEMERAL)),
}
# Additional rules for a public load balancer: requests from the internet, and the replies.
FROM_INTERNET_INBOUND = (Rule("anywhere", HTTP), Rule("anywhere", HTTPS))
FROM_INTERNET_OUTBOUND = (Rule("anywhere", ports.EPHEMERAL),)
# The path of these tiers' packets may have a smaller MTU. Routers then drop large packets, and the sender learns the
# reason only from "too big" messages (Amazon EC2 User Guide, "Network maximum transmission unit (MTU) for your EC2
# instance").
NEEDS_TOO_BIG_MESSAGES: frozenset[Tier] = frozenset({"public", "app"})
NUMBER_STEP = 10
DIRECTIONS = {"In": ec2.TrafficDirection.INGRESS, "Out": ec2.TrafficDirection.EGRESS}


class NetworkAcl(Construct):
    """The network ACL of one tier. The data tier communicates only with the app tier and within the data tier."""

    def __init__(
        self, scope: Construct, id_: str, *, vpc: ec2.IVpc, subnets: ec2.SubnetSelection, tier: Tier, peers: Peers
    ) -> None:
        """`peers` holds the addresses of each tier and of anywhere: IPv4 and, in a dual-stack VPC, IPv6."""
        super().__init__(scope, id_)
        self._peers = peers
        self._entries: Counter[str] = Counter()
        self._acl = ec2.NetworkAcl(self, "NetworkAcl", vpc=vpc, subnet_selection=subnets)
        self.add_rules(inbound=INBOUND[tier], outbound=OUTBOUND[tier])
        if tier in NEEDS_TOO_BIG_MESSAGES:
            too_big = (ec2.AclTraffic.icmp(type=3, code=4), ec2.AclTraffic.icmpv6(type=2, code=0))
            for name in DIRECTIONS:
                for cidr, traffic in zip(peers["anywhere"], too_big, strict=False):
                    self._add(name, cidr, traffic, ec2.Action.ALLOW)

    def add_rules(self, *, inbound: tuple[Rule, ...], outbound: tuple[Rule, ...]) -> None:
        """Adds rules after the existing rules."""
        for name, rules in (("In", inbound), ("Out", outbound)):
            for rule in rules:
                for cidr in self._peers[rule.peer]:
                    action = ec2.Action.DENY if rule.deny else ec2.Action.ALLOW
                    self._add(name, cidr, ec2.AclTraffic.tcp_port_range(*rule.ports), action)

    def _add(self, name: str, cidr: ec2.AclCidr, traffic: ec2.AclTraffic, action: ec2.Action) -> None:
        self._entries[name] += 1
        number = self._entries[name] * NUMBER_STEP
        self._acl.add_entry(
            f"{name}{number}",
            rule_number=number,
            direction=DIRECTIONS[name],
            traffic=traffic,
            cidr=cidr,
            rule_action=action,
        )
