"""Answers "can X open a TCP connection to Y on port P?" from an environment's templates, before anything is deployed.

There are two questions. `possible`: is there any address of X, any address of Y and any client port for which the
connection and its replies pass? Tests of security expect it to be false. `certain`: do they pass for all addresses and
all default client ports? Tests of service expect it to be true.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

from checks.reachability.filters import Result, evaluate, filters
from checks.reachability.node import INTERNET, Node
from checks.reachability.nodes import read_nodes
from checks.reachability.paths import paths
from checks.reachability.ranges import LAST_PORT, NOTHING, Family, Ranges, Span, ranges
from checks.reachability.resolve import Resolver
from checks.reachability.security_groups import SecurityGroup, read_security_groups
from checks.reachability.unsupported import UnsupportedError, refuse_unsupported
from checks.reachability.vpc import Vpc, read_vpc
from checks.templates import Reference, Templates

FAMILIES: tuple[Family, ...] = (4, 6)


def _refuse_services_without_gateway(nodes: Iterable[Node], groups: Mapping[Reference, SecurityGroup]) -> None:
    """A rule for a service's addresses would also open the internet where no gateway endpoint carries its traffic."""
    gateways = {node.service: node.route_tables for node in nodes if node.service}
    for node in nodes:
        for service in {rule.service for group in node.groups or () for rule in groups[group].egress if rule.service}:
            for subnet in node.subnets:
                if subnet.route_table not in gateways.get(service, ()):
                    raise UnsupportedError(
                        f"{node.name} may reach the addresses of {service}, and {subnet.name} has no route to a "
                        "gateway endpoint of it, which reachability doesn't cover"
                    )


class UnknownNameError(LookupError):
    """There is no node or zone of this name; the message lists those that exist."""


@dataclass(frozen=True, kw_only=True)
class Reachability:
    """The connections that the network of one environment allows.

    `ignored_client_ports` are ports to which network ACLs deny traffic on purpose, also replies to clients that use
    them; `certain` ignores that.
    """

    vpc: Vpc
    groups: Mapping[Reference, SecurityGroup]
    nodes: Mapping[str, Node]
    ignored_client_ports: Ranges = NOTHING

    @classmethod
    def of(
        cls,
        templates: Templates,
        *,
        ignored_client_ports: Iterable[int] = (),
        prefix_lists: Mapping[str, str] = MappingProxyType({}),
    ) -> "Reachability":
        """Reads the environment of these templates. Raises UnsupportedError for what the model doesn't cover.

        `prefix_lists` has the service of each prefix list of AWS that security groups name, by its id.
        """
        resolver = Resolver(templates=templates)
        refuse_unsupported(resolver)
        vpc, groups = read_vpc(resolver), read_security_groups(resolver, prefix_lists)
        nodes = read_nodes(resolver, vpc, groups.keys())
        _refuse_services_without_gateway(nodes.values(), groups)
        return cls(
            vpc=vpc,
            groups=groups,
            nodes=nodes,
            ignored_client_ports=ranges(*((port, port) for port in ignored_client_ports)),
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of all nodes that open connections."""
        return tuple(name for name, node in self.nodes.items() if node.opens)

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of all nodes that accept connections."""
        return tuple(name for name, node in self.nodes.items() if node.accepts)

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones that have subnets."""
        return tuple(dict.fromkeys(subnet.zone for subnet in self.vpc.subnets.values()))

    def possible(self, source: str, target: str, port: int, *, family: Family | None = None) -> bool:
        """Whether any connection is possible, in either IP version or in that of `family`."""
        return any(not result.reason for result in self._results(source, target, port, family))

    def certain(self, source: str, target: str, port: int, *, family: Family = 4) -> bool:
        """Whether every connection is possible: between all subnets and addresses.

        And from all default client ports except the `ignored_client_ports`.
        """
        results = self._results(source, target, port, family, every=True)
        return bool(results) and not any(result.reason for result in results)

    def why(self, source: str, target: str, port: int, *, certain: bool = False, family: Family | None = None) -> str:
        """The first thing that stops the connection, on the path that gets furthest; or that nothing stops it.

        With `certain`, the first thing that stops any part of it.
        """
        asked = f"{source} -> {target}:{port}: "
        results = self._results(source, target, port, family or (4 if certain else None), every=certain)
        stopped = [result for result in results if result.reason]
        if not results:
            return f"{asked}there is no path, because one of them has no subnet"
        if not stopped or (not certain and len(stopped) < len(results)):
            return f"{asked}nothing stops it"
        return asked + (stopped[0] if certain else max(stopped, key=lambda result: result.passed)).reason

    def ports(self, source: str, target: str, *, family: Family | None = None) -> tuple[Span, ...]:
        """Every port on which a connection is possible. It tries one port of each range that no rule divides."""
        node = self._node(target)
        if node.answers_any:
            spans = [(start, end - 1) for start, end in pairwise(self._edges(self._node(source), node))]
        else:
            spans = [(port, port) for port in node.ports]
        return ranges(*(span for span in spans if self.possible(source, target, span[0], family=family))).spans

    def matrix(self) -> dict[str, dict[str, tuple[Span, ...]]]:
        """By source and target, the ports on which connections are possible, except from the internet to itself."""
        return {
            source: {
                target: self.ports(source, target) for target in self.targets if {source, target} != {INTERNET.name}
            }
            for source in self.sources
        }

    def without_zone(self, zone: str) -> "Reachability":
        """The same environment without the zone's subnets, and without the NAT gateways and interfaces in them."""
        if zone not in self.zones:
            raise UnknownNameError(f"there is no zone {zone!r}; there are {', '.join(self.zones)}")
        subnets = {key: subnet for key, subnet in self.vpc.subnets.items() if subnet.zone != zone}
        gateways = {
            key: nat for key, nat in self.vpc.nat_gateways.items() if nat.subnet is None or nat.subnet.zone != zone
        }
        return replace(
            self,
            vpc=replace(self.vpc, subnets=subnets, nat_gateways=gateways),
            nodes={
                name: replace(node, subnets=tuple(subnet for subnet in node.subnets if subnet.zone != zone))
                for name, node in self.nodes.items()
            },
        )

    def _node(self, name: str) -> Node:
        if name not in self.nodes:
            raise UnknownNameError(f"there is no {name!r}; there are {', '.join(self.nodes)}")
        return self.nodes[name]

    def _edges(self, *nodes: Node) -> list[int]:
        """The ports at which the range of some rule between the nodes begins or ends, and both ends of all ports."""
        groups = {group for node in nodes for group in node.groups or ()}
        open_ports = {rule.ports for one in groups for rule in (*self.groups[one].ingress, *self.groups[one].egress)}
        open_ports |= {entry.ports for subnet in self.vpc.subnets.values() for entry in subnet.acl.entries}
        inner = {edge for ports in open_ports for start, end in ports.spans for edge in (start, end + 1)}
        return sorted({edge for edge in inner if 1 < edge <= LAST_PORT} | {1, LAST_PORT + 1})

    def _results(
        self, source: str, target: str, port: int, family: Family | None, *, every: bool = False
    ) -> list[Result]:
        start, end = self._node(source), self._node(target)
        if not start.opens:
            return [Result(passed=0, reason=f"{source} opens no connections")]
        if not end.accepts:
            return [Result(passed=0, reason=f"{target} accepts no connections")]
        if not end.answers(port):
            return [Result(passed=0, reason=f"{target} answers on port {', '.join(map(str, end.ports))} only")]
        return [
            evaluate(
                filters(
                    start,
                    end,
                    path,
                    port=port,
                    groups=self.groups,
                    every=every,
                    ignored_client_ports=self.ignored_client_ports,
                ),
                path,
                every=every,
            )
            for version in (FAMILIES if family is None else (family,))
            for path in paths(self.vpc, start, end, version)
        ]
