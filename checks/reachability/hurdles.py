"""What a connection must take on one path, in the order in which its packets meet it, and how far it comes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from checks.reachability.node import UNPRIVILEGED, Node
from checks.reachability.paths import Crossing, Path, Side
from checks.reachability.ranges import Ranges, ranges
from checks.reachability.security_groups import Rule, SecurityGroup, allowed
from checks.templates import Reference


@dataclass(frozen=True, kw_only=True)
class Hurdle:
    """One rule-keeper on the way: which addresses of one side it lets pass, and what to say if those are too few."""

    side: Side
    passing: Ranges
    reason: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How many hurdles a connection takes, and what stops it at the next one; nothing where it arrives."""

    taken: int
    reason: str = ""


def hurdles(
    source: Node,
    target: Node,
    path: Path,
    *,
    port: int,
    groups: Mapping[Reference, SecurityGroup],
    every: bool,
    traded: Ranges,
) -> Iterator[Hurdle]:
    """The source's security groups, borders on the way, the target's security groups, and borders on the way back.

    Each looks at the addresses of one side alone, so that those which pass all of them are those which pass each. With
    `every`, replies must pass to every port of the client but the `traded` ones.
    """
    some = "not everything" if every else "nothing"
    out = tuple(rule for group in source.groups or () for rule in groups[group].egress)
    in_ = tuple(rule for group in target.groups or () for rule in groups[group].ingress)
    yield Hurdle(
        side="target",
        passing=_by_groups(source, target, path, port, rules=out, peers=path.targets),
        reason=f"the security groups of {source.name} let {some} out to {target.name} on port {port}",
    )
    for crossing in path.crossings:
        if not crossing.reply:
            yield _border(crossing, path, ranges((port, port)), every=every, some=some)
    yield Hurdle(
        side="source",
        passing=_by_groups(target, source, path, port, rules=in_, peers=path.sources),
        reason=f"the security groups of {target.name} let {some} in from {source.name} on port {port}",
    )
    for crossing in path.crossings:
        if crossing.reply:
            ports = ranges(UNPRIVILEGED) if crossing.translated else source.client_ports(every=every)
            ports = ports - traded if every else ports
            yield _border(crossing, path, ports, every=every, some=some)


def judge(way: Iterable[Hurdle], path: Path, *, every: bool) -> Verdict:
    """Takes the hurdles one after the other, as long as any address of both sides is left; with `every`, all."""
    if path.obstacle:
        return Verdict(taken=0, reason=f"from {path.start} to {path.end}: {path.obstacle}")
    whole: dict[Side, Ranges] = {"source": path.sources, "target": path.targets}
    left = dict(whole)
    taken = 0
    for hurdle in way:
        taken += 1
        left[hurdle.side] &= hurdle.passing
        if not left[hurdle.side] or (every and left[hurdle.side] != whole[hurdle.side]):
            return Verdict(taken=taken, reason=f"from {path.start} to {path.end}: {hurdle.reason}")
    return Verdict(taken=taken)


def _by_groups(node: Node, peer: Node, path: Path, port: int, *, rules: tuple[Rule, ...], peers: Ranges) -> Ranges:
    if node.groups is None:
        return peers
    return allowed(rules, peers, peer_groups=peer.groups or (), port=port, family=path.family)


def _border(crossing: Crossing, path: Path, ports: Ranges, *, every: bool, some: str) -> Hurdle:
    beyond, peer = (path.sources, path.start) if crossing.beyond == "source" else (path.targets, path.end)
    acl, name = crossing.subnet.acl, crossing.subnet.name
    way = f"out of {name} to {peer}" if crossing.egress else f"into {name} from {peer}"
    shown = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ports.spans)
    what = f"replies to ports {shown}" if crossing.reply else f"port {shown}"
    return Hurdle(
        side=crossing.beyond,
        passing=acl.lets(beyond, ports, family=path.family, egress=crossing.egress, every_port=every),
        reason=f"the network ACL {acl.name} lets {some} {way}: {what}",
    )
