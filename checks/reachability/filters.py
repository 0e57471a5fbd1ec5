"""The packet filters (security groups, network ACLs) on a path, in order, and how many a connection passes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from checks.reachability.node import UNPRIVILEGED, Node
from checks.reachability.paths import Crossing, Path, Side
from checks.reachability.ranges import Ranges, ranges
from checks.reachability.security_groups import SecurityGroup, SecurityGroupRule, allowed
from checks.templates import Reference


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One packet filter: the addresses of one side that it allows, and the reason to report if those are too few."""

    side: Side
    allowed: Ranges
    reason: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """How many filters a connection passes, and the reason why the next one stops it; none if it arrives."""

    passed: int
    reason: str = ""


def filters(
    source: Node,
    target: Node,
    path: Path,
    *,
    port: int,
    groups: Mapping[Reference, SecurityGroup],
    every: bool,
    ignored_client_ports: Ranges,
) -> Iterator[Filter]:
    """The source's security groups, the ACLs on the path, the target's security groups, and the ACLs on the way back.

    Each filter considers the addresses of one side only. With `every`, replies must pass to every port of the client
    except the `ignored_client_ports`.
    """
    some = "not everything" if every else "nothing"
    out = [rule for group in source.groups or () for rule in groups[group].egress]
    in_ = [rule for group in target.groups or () for rule in groups[group].ingress]
    yield Filter(
        side="target",
        allowed=_allowed_by_groups(source, target, path, port, rules=out, peers=path.targets),
        reason=f"the security groups of {source.name} allow {some} out to {target.name} on port {port}",
    )
    for crossing in path.crossings:
        if not crossing.reply:
            yield _acl_filter(crossing, path, ranges((port, port)), every=every, some=some)
    yield Filter(
        side="source",
        allowed=_allowed_by_groups(target, source, path, port, rules=in_, peers=path.sources),
        reason=f"the security groups of {target.name} allow {some} in from {source.name} on port {port}",
    )
    for crossing in path.crossings:
        if crossing.reply:
            ports = ranges(UNPRIVILEGED) if crossing.translated else source.client_ports(every=every)
            ports = ports - ignored_client_ports if every else ports
            yield _acl_filter(crossing, path, ports, every=every, some=some)


def evaluate(on_path: Iterable[Filter], path: Path, *, every: bool) -> Result:
    """Applies the filters in order while any address of both sides is left; with `every`, while all are left."""
    if path.obstacle:
        return Result(passed=0, reason=f"from {path.start} to {path.end}: {path.obstacle}")
    whole: dict[Side, Ranges] = {"source": path.sources, "target": path.targets}
    left = dict(whole)
    passed = 0
    for filter_ in on_path:
        passed += 1
        left[filter_.side] &= filter_.allowed
        if not left[filter_.side] or (every and left[filter_.side] != whole[filter_.side]):
            return Result(passed=passed, reason=f"from {path.start} to {path.end}: {filter_.reason}")
    return Result(passed=passed)


def _allowed_by_groups(
    node: Node, peer: Node, path: Path, port: int, *, rules: list[SecurityGroupRule], peers: Ranges
) -> Ranges:
    if node.groups is None:
        return peers
    return allowed(rules, peers, peer_groups=peer.groups or (), service=peer.service, port=port, family=path.family)


def _acl_filter(crossing: Crossing, path: Path, ports: Ranges, *, every: bool, some: str) -> Filter:
    beyond, peer = (path.sources, path.start) if crossing.beyond == "source" else (path.targets, path.end)
    acl, name = crossing.subnet.acl, crossing.subnet.name
    way = f"out of {name} to {peer}" if crossing.egress else f"into {name} from {peer}"
    shown = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ports.spans)
    what = f"replies to ports {shown}" if crossing.reply else f"port {shown}"
    return Filter(
        side=crossing.beyond,
        allowed=acl.allowed(beyond, ports, family=path.family, egress=crossing.egress, every_port=every),
        reason=f"the network ACL {acl.name} allows {some} {way}: {what}",
    )
