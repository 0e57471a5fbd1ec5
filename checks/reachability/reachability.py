"""Answers "can X open a TCP connection to Y on port P?" from an environment's templates, before anything is deployed.

Two questions, because safety and service fail on opposite sides. `possible` asks for the worst: is there any address of
X, any address of Y and any port that X may come from, for which everything on the way lets the connection and its
replies pass? `certain` asks for the best: do all of them? Promises of safety deny the first, promises of service
affirm the second.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from checks.reachability.guard import refuse_unknown
from checks.reachability.hurdles import Verdict, hurdles, judge
from checks.reachability.network import Network, read_network
from checks.reachability.node import INTERNET, Node
from checks.reachability.nodes import read_nodes
from checks.reachability.paths import paths
from checks.reachability.ranges import LAST_PORT, NOTHING, Family, Ranges, Span, ranges
from checks.reachability.resolve import Resolver
from checks.reachability.security_groups import SecurityGroup, read_security_groups
from checks.templates import Reference, Template, Templates

FAMILIES: tuple[Family, ...] = (4, 6)


class UnknownNameError(LookupError):
    """A node or a zone that the environment hasn't got: lists those that it has."""


@dataclass(frozen=True, kw_only=True)
class Reachability:
    """Who reaches whom in one environment.

    `traded` are client ports to which network ACLs deny replies on purpose, to deny a service of that port too.
    """

    network: Network
    groups: Mapping[Reference, SecurityGroup]
    nodes: Mapping[str, Node]
    traded: Ranges = NOTHING

    @classmethod
    def of(cls, templates: Mapping[str, Template], *, traded: Iterable[int] = ()) -> "Reachability":
        """The environment of these templates, by stack. Raises where they hold what the model can't judge."""
        resolver = Resolver(templates=Templates(stacks=templates))
        refuse_unknown(resolver)
        network, groups = read_network(resolver), read_security_groups(resolver)
        return cls(
            network=network,
            groups=groups,
            nodes=read_nodes(resolver, network, groups.keys()),
            traded=ranges(*((port, port) for port in traded)),
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of all that open connections."""
        return tuple(name for name, node in self.nodes.items() if node.opens)

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of all that accept them."""
        return tuple(name for name, node in self.nodes.items() if node.accepts)

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones in which there are subnets."""
        return tuple(dict.fromkeys(subnet.zone for subnet in self.network.subnets.values()))

    def possible(self, source: str, target: str, port: int, *, family: Family | None = None) -> bool:
        """Whether any connection can come about, in either IP version or in the one of `family`."""
        return any(not verdict.reason for verdict in self._verdicts(source, target, port, _families(family)))

    def certain(self, source: str, target: str, port: int, *, family: Family = 4) -> bool:
        """Whether every connection comes about: from each subnet to each, between all addresses.

        And from all usual ports of the client but the `traded` ones.
        """
        verdicts = self._verdicts(source, target, port, (family,), every=True)
        return bool(verdicts) and not any(verdict.reason for verdict in verdicts)

    def why(self, source: str, target: str, port: int, *, certain: bool = False, family: Family | None = None) -> str:
        """In words, the first thing that stops the connection (of the path that comes furthest), or that nothing does.

        With `certain`, the first thing that stops any part of it.
        """
        asked = f"{source} -> {target}:{port}: "
        verdicts = self._verdicts(source, target, port, _families(family or (4 if certain else None)), every=certain)
        stopped = [verdict for verdict in verdicts if verdict.reason]
        if not verdicts:
            return f"{asked}no way leads there, as one of them has no subnet (any more)"
        if not stopped or (not certain and len(stopped) < len(verdicts)):
            return f"{asked}nothing stops it"
        return asked + (stopped[0] if certain else max(stopped, key=lambda verdict: verdict.taken)).reason

    def ports(self, source: str, target: str, *, family: Family | None = None) -> tuple[Span, ...]:
        """Every port on which a connection is possible, as spans: exact, since rules change at few ports only."""
        node = self._node(target)
        if node.answers_any:
            spans = [(start, end - 1) for start, end in pairwise(self._edges(self._node(source), node))]
        else:
            spans = [(port, port) for port in node.ports]
        return ranges(*(span for span in spans if self.possible(source, target, span[0], family=family))).spans

    def matrix(self) -> dict[str, dict[str, tuple[Span, ...]]]:
        """By source and target, the ports on which connections are possible; the internet's to itself are left out."""
        return {
            source: {
                target: self.ports(source, target) for target in self.targets if {source, target} != {INTERNET.name}
            }
            for source in self.sources
        }

    def without_zone(self, zone: str) -> "Reachability":
        """The same environment with that zone's subnets gone, and with them all NAT gateways and network interfaces."""
        if zone not in self.zones:
            raise UnknownNameError(f"there is no zone {zone!r}; there are {', '.join(self.zones)}")
        left = {key: subnet for key, subnet in self.network.subnets.items() if subnet.zone != zone}
        gateways = {
            key: nat for key, nat in self.network.nat_gateways.items() if nat.subnet is None or nat.subnet.zone != zone
        }
        return replace(
            self,
            network=replace(self.network, subnets=left, nat_gateways=gateways),
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
        """The ports at which some rule between the nodes begins or stops to hold, and both ends."""
        groups = {group for node in nodes for group in node.groups or ()}
        open_ports = {rule.ports for one in groups for rule in (*self.groups[one].ingress, *self.groups[one].egress)}
        open_ports |= {entry.ports for subnet in self.network.subnets.values() for entry in subnet.acl.entries}
        inner = {edge for ports in open_ports for start, end in ports.spans for edge in (start, end + 1)}
        return sorted({edge for edge in inner if 1 < edge <= LAST_PORT} | {1, LAST_PORT + 1})

    def _verdicts(
        self, source: str, target: str, port: int, families: Iterable[Family], *, every: bool = False
    ) -> list[Verdict]:
        start, end = self._node(source), self._node(target)
        if not start.opens:
            return [Verdict(taken=0, reason=f"a {start.kind.value} opens no connections")]
        if not end.accepts:
            return [Verdict(taken=0, reason=f"a {end.kind.value} accepts no connections")]
        if not end.answers(port):
            return [Verdict(taken=0, reason=f"{target} answers on port {', '.join(map(str, end.ports))} only")]
        return [
            judge(
                hurdles(start, end, path, port=port, groups=self.groups, every=every, traded=self.traded),
                path,
                every=every,
            )
            for family in families
            for path in paths(self.network, start, end, family)
        ]


def _families(family: Family | None) -> tuple[Family, ...]:
    return FAMILIES if family is None else (family,)
