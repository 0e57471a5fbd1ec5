"""What stands in the network: one side of a connection, and from which ports its kind comes."""

from dataclasses import dataclass
from enum import Enum

from checks.reachability.network import Subnet
from checks.reachability.ranges import Family, Ranges, Span, ranges
from checks.templates import Reference


class Kind(Enum):
    """What a node is, as people call it."""

    INTERNET = "internet"
    LOAD_BALANCER = "load balancer"
    INSTANCES = "web instances"
    FUNCTION = "function"
    PROXY = "proxy"
    DATABASE = "database"
    ENDPOINT = "endpoint"
    GATEWAY_ENDPOINT = "gateway endpoint"
    NAT = "NAT"


IPV4: frozenset[Family] = frozenset({4})
DUAL_STACK: frozenset[Family] = frozenset({4, 6})

# The ports of a client, to which replies go (Amazon VPC User Guide, "Custom network ACLs", on ephemeral ports). First
# what it may choose if it tries: AWS's services offer no choice, but root on an instance, and a stranger, pick any.
ANY_PORT: Span = (1, 65535)
UNPRIVILEGED: Span = (1024, 65535)
_CHOICE = {Kind.INTERNET: ANY_PORT, Kind.INSTANCES: ANY_PORT}
# Then what it takes by itself, all of which must work: Linux's default is narrower than that of AWS's services.
LINUX_PORTS: Span = (32768, 60999)
_HABIT = {Kind.INSTANCES: LINUX_PORTS}


@dataclass(frozen=True, kw_only=True)
class Node:
    """One side of a connection.

    `ports` are those on which it answers; `answers_any` where a process may listen on others too. Without `groups`
    (None) no security group guards it. `public_ipv4` is None where its subnets decide. `route_tables` are those of a
    gateway endpoint, which stands in no subnet.
    """

    name: str
    kind: Kind
    subnets: tuple[Subnet, ...] = ()
    groups: tuple[Reference, ...] | None = None
    ports: tuple[int, ...] = ()
    answers_any: bool = False
    families: frozenset[Family] = IPV4
    public_ipv4: bool | None = False
    public_ipv6: bool = True  # an IPv6 address is public by itself, where a route leads to it
    route_tables: tuple[Reference, ...] = ()

    @property
    def opens(self) -> bool:
        """Whether it ever opens a connection itself."""
        return self.kind not in (Kind.ENDPOINT, Kind.GATEWAY_ENDPOINT)

    @property
    def accepts(self) -> bool:
        """Whether anything can be opened to it."""
        return self.answers_any or bool(self.ports)

    def answers(self, port: int) -> bool:
        """Whether something may listen there."""
        return self.answers_any or port in self.ports

    def client_ports(self, *, every: bool) -> Ranges:
        """The ports to which replies to it must pass: every one that it takes by itself, or any that it can choose."""
        return ranges((_HABIT if every else _CHOICE).get(self.kind, UNPRIVILEGED))

    def speaks(self, family: Family, subnet: Subnet) -> bool:
        """Whether it has an address of that IP version in the subnet."""
        if family == 6 and self.kind is Kind.INSTANCES and not subnet.gives_ipv6:
            return False
        return family in self.families and bool(subnet.addresses(family))

    def is_public(self, family: Family, subnet: Subnet) -> bool:
        """Whether the internet can address it there."""
        if family == 6:
            return self.public_ipv6
        return subnet.gives_public_ipv4 if self.public_ipv4 is None else self.public_ipv4


INTERNET = Node(name="internet", kind=Kind.INTERNET, answers_any=True, families=DUAL_STACK, public_ipv4=True)
