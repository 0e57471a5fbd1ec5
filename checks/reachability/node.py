"""The nodes of the network, each one side of a connection, and the client ports of each kind."""

from dataclasses import dataclass
from enum import Enum

from checks.reachability.ranges import Family, Ranges, Span, ranges
from checks.reachability.vpc import Subnet
from checks.templates import Reference, ResourceId


class Kind(Enum):
    """The kind of a node. The values are the names in messages and pages."""

    INTERNET = "internet"
    LOAD_BALANCER = "load balancer"
    INSTANCES = "instances"
    FUNCTION = "function"
    PROXY = "proxy"
    DATABASE = "database"
    ENDPOINT = "endpoint"
    GATEWAY_ENDPOINT = "gateway endpoint"
    NAT = "NAT"


IPV4: frozenset[Family] = frozenset({4})
DUAL_STACK: frozenset[Family] = frozenset({4, 6})

# The ports of a client, to which replies go (Amazon VPC User Guide, "Custom network ACLs", on ephemeral ports).
# First, the ports that it can choose: root on an instance, and clients on the internet, can choose any port.
ANY_PORT: Span = (1, 65535)
UNPRIVILEGED: Span = (1024, 65535)
_POSSIBLE_PORTS = {Kind.INTERNET: ANY_PORT, Kind.INSTANCES: ANY_PORT}
# Second, the ports that it uses by default, all of which must work: Linux's range is narrower than AWS services'.
LINUX_PORTS: Span = (32768, 60999)
_DEFAULT_PORTS = {Kind.INSTANCES: LINUX_PORTS}


@dataclass(frozen=True, kw_only=True)
class Node:
    """One side of a connection.

    `resource_id` is None for the internet, and for the NAT gateways, which are one node. It answers on `ports`, and
    with `answers_any` possibly on others too. Without `groups` (None), it has no security groups. If `public_ipv4` is
    None, its subnets decide. `route_tables` and `service` are those of a gateway endpoint, which is in no subnet.
    """

    name: str
    kind: Kind
    resource_id: ResourceId | None = None
    subnets: tuple[Subnet, ...] = ()
    groups: tuple[Reference, ...] | None = None
    ports: tuple[int, ...] = ()
    answers_any: bool = False
    families: frozenset[Family] = IPV4
    public_ipv4: bool | None = False
    public_ipv6: bool = True  # every IPv6 address is public, if there is a route to it
    route_tables: tuple[Reference, ...] = ()
    service: str = ""

    @property
    def opens(self) -> bool:
        """Whether it opens connections."""
        return self.kind not in (Kind.ENDPOINT, Kind.GATEWAY_ENDPOINT)

    @property
    def accepts(self) -> bool:
        """Whether it accepts connections."""
        return self.answers_any or bool(self.ports)

    def answers(self, port: int) -> bool:
        """Whether something may listen on the port."""
        return self.answers_any or port in self.ports

    def client_ports(self, *, every: bool) -> Ranges:
        """The ports to which replies go: with `every`, all that it uses by default; else any that it can choose."""
        return ranges((_DEFAULT_PORTS if every else _POSSIBLE_PORTS).get(self.kind, UNPRIVILEGED))

    def has_address(self, family: Family, subnet: Subnet) -> bool:
        """Whether it has an address of this IP version in the subnet."""
        if family == 6 and self.kind is Kind.INSTANCES and not subnet.gives_ipv6:
            return False
        return family in self.families and bool(subnet.addresses(family))

    def is_public(self, family: Family, subnet: Subnet) -> bool:
        """Whether its address in the subnet is public."""
        if family == 6:
            return self.public_ipv6
        return subnet.gives_public_ipv4 if self.public_ipv4 is None else self.public_ipv4


INTERNET = Node(name="internet", kind=Kind.INTERNET, answers_any=True, families=DUAL_STACK, public_ipv4=True)
