"""Network access that the new templates allow and the old ones didn't."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from checks.templates import Resource, ResourceId, Templates

_EVERYWHERE = ("0.0.0.0/0", "::/0")
_PORTS = (0, 65535)
# Properties that expose a resource: the path of the property, and the values that expose it.
_SWITCHES: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "AWS::RDS::DBInstance": (("PubliclyAccessible", ("true",)),),
    "AWS::RDS::DBCluster": (("PubliclyAccessible", ("true",)),),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (("Scheme", ("internet-facing", "")),),  # the default is the internet
    "AWS::EC2::Subnet": (("MapPublicIpOnLaunch", ("true",)), ("AssignIpv6AddressOnCreation", ("true",))),
    "AWS::AutoScaling::LaunchConfiguration": (("AssociatePublicIpAddress", ("true",)),),
    "AWS::Lambda::Url": (("AuthType", ("NONE",)),),
    "AWS::S3::Bucket": tuple(
        (f"PublicAccessBlockConfiguration.{name}", ("false", ""))
        for name in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    ),
}
_TARGETS = {
    "GatewayId": "a gateway",
    "NatGatewayId": "NAT",
    "EgressOnlyInternetGatewayId": "an egress-only gateway",
    "VpcPeeringConnectionId": "a peering connection",
    "TransitGatewayId": "a transit gateway",
    "NetworkInterfaceId": "a network interface",
    "InstanceId": "an instance",
    "VpcEndpointId": "an endpoint",
}


@dataclass(frozen=True, kw_only=True)
class Opening:
    """New network access: the resource, and a description of the traffic that it now allows."""

    resource_id: ResourceId
    what: str


@dataclass(frozen=True, kw_only=True)
class TrafficRule:
    """The traffic that a rule of a security group or network ACL allows or denies."""

    egress: bool
    protocol: str
    ports: tuple[int, int]
    peer: str
    number: int = 0
    allow: bool = True

    def covers(self, other: "TrafficRule") -> bool:
        """Whether it applies to all traffic of the other rule."""
        return (
            self.egress == other.egress
            and self.protocol in ("-1", other.protocol)
            and self.ports[0] <= other.ports[0]
            and other.ports[1] <= self.ports[1]
            and _within(other.peer, self.peer)
        )

    def overlaps(self, other: "TrafficRule") -> bool:
        """Whether both rules apply to some common traffic."""
        return (
            self.egress == other.egress
            and (self.protocol == other.protocol or "-1" in (self.protocol, other.protocol))
            and self.ports[0] <= other.ports[1]
            and other.ports[0] <= self.ports[1]
            and (_within(self.peer, other.peer) or _within(other.peer, self.peer))
        )

    def __str__(self) -> str:
        protocol = {"-1": "all traffic", "6": "tcp", "17": "udp", "1": "icmp"}.get(self.protocol, self.protocol)
        ports = "" if self.ports == _PORTS else f" {self.ports[0]}"
        ports += f"-{self.ports[1]}" if ports and self.ports[0] != self.ports[1] else ""
        return f"{protocol}{ports} {'to' if self.egress else 'from'} {self.peer}"


def openings(old: Templates, new: Templates, moves: Mapping[ResourceId, ResourceId]) -> list[Opening]:
    """All access that is new. A resource that moved is compared with its old self."""
    before = old.with_moves(moves)
    compared = (_security_groups, _acls, _routes, _switches)
    return [opening for compare in compared for opening in compare(before, new)]


def _security_groups(old: Templates, new: Templates) -> Iterator[Opening]:
    before = _group_rules(old)
    for id_, rules in _group_rules(new).items():
        for rule in rules:
            if not any(was.covers(rule) for was in before.get(id_, [])):
                yield Opening(resource_id=id_, what=f"{'egress' if rule.egress else 'ingress'} {rule}")


def _group_rules(templates: Templates) -> dict[ResourceId, list[TrafficRule]]:
    found: dict[ResourceId, list[TrafficRule]] = defaultdict(list)
    own_groups = templates.resources("AWS::EC2::SecurityGroup")
    for egress, name in ((False, "SecurityGroupIngress"), (True, "SecurityGroupEgress")):
        for id_ in own_groups:
            for raw in templates.properties(id_).get(name, []):
                found[templates.current(id_)].append(_group_rule(templates, id_, raw, egress))
        for id_ in templates.resources(f"AWS::EC2::{name}"):
            properties = templates.properties(id_)
            groups = list(templates.references(properties.get("GroupId"), id_.stack))
            owner = templates.current(groups[0].resource_id if groups else id_)
            found[owner].append(_group_rule(templates, id_, properties, egress))
    for current in map(templates.current, own_groups):
        if not any(rule.egress for rule in found[current]):
            # CloudFormation Template Reference, "AWS::EC2::SecurityGroup": without egress rules, all egress is allowed.
            found[current] += [TrafficRule(egress=True, protocol="-1", ports=_PORTS, peer=peer) for peer in _EVERYWHERE]
    return dict(found)


def _group_rule(templates: Templates, id_: ResourceId, raw: Mapping[str, Any], egress: bool) -> TrafficRule:
    side = "Destination" if egress else "Source"
    names = ("CidrIp", "CidrIpv6", f"{side}SecurityGroupId", f"{side}PrefixListId", "SourceSecurityGroupName")
    peer = next((templates.text(raw[name], id_.stack) for name in names if name in raw), "(no peer)")
    protocol, ports = _traffic(templates, id_, raw.get("IpProtocol", "-1"), raw.get("FromPort"), raw.get("ToPort"))
    return TrafficRule(egress=egress, protocol=protocol, ports=ports, peer=peer)


def _acls(old: Templates, new: Templates) -> Iterator[Opening]:
    """An allow rule is no opening if an old one allowed as much, and the denials before that one still precede it."""
    before = _acl_rules(old)
    for id_, rules in _acl_rules(new).items():
        was = before.get(id_, [])
        for rule in (one for one in rules if one.allow):
            what = f"ACL {'egress' if rule.egress else 'ingress'} rule {rule.number}: {rule}"
            lost = [
                _lost_denials(rule, allowed, rules, was) for allowed in was if allowed.allow and allowed.covers(rule)
            ]
            if not lost:
                yield Opening(resource_id=id_, what=what)
            elif all(lost):
                denials = ", ".join(str(denial) for denial in min(lost, key=len))
                yield Opening(resource_id=id_, what=f"{what}, no longer preceded by a rule that denies {denials}")


def _lost_denials(
    rule: TrafficRule, allowed: TrafficRule, rules: list[TrafficRule], was: list[TrafficRule]
) -> list[TrafficRule]:
    denials = [one for one in was if not one.allow and one.number < allowed.number and one.overlaps(rule)]
    still = [one for one in rules if not one.allow and one.number < rule.number]
    return [denial for denial in denials if not any(one.covers(denial) for one in still)]


def _acl_rules(templates: Templates) -> dict[ResourceId, list[TrafficRule]]:
    """By subnet; a subnet without an ACL of its own has the VPC's default ACL, which allows everything."""
    acls: dict[str, list[TrafficRule]] = defaultdict(list)
    for id_, entry in templates.resources("AWS::EC2::NetworkAclEntry").items():
        raw = entry.get("Properties", {})
        span = raw.get("PortRange", {})
        protocol, ports = _traffic(templates, id_, raw.get("Protocol", "-1"), span.get("From"), span.get("To"))
        acls[templates.text(raw.get("NetworkAclId"), id_.stack)].append(
            TrafficRule(
                egress=bool(raw.get("Egress", False)),
                protocol=protocol,
                ports=ports,
                peer=templates.text(raw.get("CidrBlock", raw.get("Ipv6CidrBlock", "(no peer)")), id_.stack),
                number=int(raw.get("RuleNumber", 0)),
                allow=raw.get("RuleAction") == "allow",
            )
        )
    everything = [
        TrafficRule(egress=egress, protocol="-1", ports=_PORTS, peer=peer, number=100)
        for egress in (False, True)
        for peer in _EVERYWHERE
    ]
    found = {templates.current(id_): everything for id_ in templates.resources("AWS::EC2::Subnet")}
    for subnet, acl in _attached(templates, "AWS::EC2::SubnetNetworkAclAssociation", "NetworkAclId"):
        found[subnet] = acls[acl]
    return found


def _attached(templates: Templates, type_: str, name: str) -> Iterator[tuple[ResourceId, str]]:
    """Each subnet with what an association of this type attaches to it."""
    for id_, resource in templates.resources(type_).items():
        raw = resource.get("Properties", {})
        for reference in templates.references(raw.get("SubnetId"), id_.stack):
            yield templates.current(reference.resource_id), templates.text(raw.get(name), id_.stack)


def _routes(old: Templates, new: Templates) -> Iterator[Opening]:
    """By subnet, so that a change of the subnet's route table counts too."""
    before = _subnet_routes(old)
    for id_, routes in _subnet_routes(new).items():
        for destination, target in sorted(routes - before.get(id_, set())):
            yield Opening(resource_id=id_, what=f"route {destination} -> {target}")


def _subnet_routes(templates: Templates) -> dict[ResourceId, set[tuple[str, str]]]:
    tables: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for id_, resource in templates.resources("AWS::EC2::Route").items():
        raw = resource.get("Properties", {})
        names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
        destination = next((templates.text(raw[name], id_.stack) for name in names if name in raw), "(no destination)")
        target = next(
            (f"{word} {templates.text(raw[name], id_.stack)}" for name, word in _TARGETS.items() if name in raw),
            "(no target)",
        )
        tables[templates.text(raw.get("RouteTableId"), id_.stack)].add((destination, target))
    found: dict[ResourceId, set[tuple[str, str]]] = defaultdict(set)
    for subnet, table in _attached(templates, "AWS::EC2::SubnetRouteTableAssociation", "RouteTableId"):
        found[subnet] |= tables[table]
    return found


def _switches(old: Templates, new: Templates) -> Iterator[Opening]:
    before = {old.current(id_): (id_, resource) for id_, resource in old.resources(*_SWITCHES).items()}
    for id_, resource in new.resources(*_SWITCHES).items():
        for name, values in _SWITCHES[resource["Type"]]:
            origin, was = before.get(id_, (id_, None))
            now = _property(new, id_, resource, name)
            if now in values and (was is None or _property(old, origin, was, name) not in values):
                yield Opening(resource_id=id_, what=f"{name} = {now or '(not set)'}")
    launch = "AWS::EC2::LaunchTemplate"
    was_public = {old.current(id_) for id_, one in old.resources(launch).items() if _gives_public_addresses(one)}
    for id_, resource in new.resources(launch).items():
        if _gives_public_addresses(resource) and id_ not in was_public:
            yield Opening(resource_id=id_, what="NetworkInterfaces: AssociatePublicIpAddress = true")


def _gives_public_addresses(resource: Resource) -> bool:
    interfaces = resource.get("Properties", {}).get("LaunchTemplateData", {}).get("NetworkInterfaces", [])
    return any(interface.get("AssociatePublicIpAddress") in (True, "true") for interface in interfaces)


def _property(templates: Templates, id_: ResourceId, resource: Resource, path: str) -> str:
    value: Any = resource.get("Properties", {})
    for name in path.split("."):
        value = value.get(name, "") if isinstance(value, Mapping) else ""
    return templates.text(value, id_.stack)


def _traffic(
    templates: Templates, id_: ResourceId, protocol: Any, first: Any, last: Any
) -> tuple[str, tuple[int, int]]:
    """Protocol and ports. A port that only AWS knows becomes part of the protocol, so that it equals only itself."""
    name = str(protocol)
    if first is None or str(first) == "-1" or name == "-1":
        return name, _PORTS
    try:
        return name, (int(first), int(last))
    except (TypeError, ValueError):
        return f"{name} {templates.text(first, id_.stack)}", _PORTS


def _within(inner: str, outer: str) -> bool:
    if inner == outer:
        return True
    try:
        one, other = ip_network(inner), ip_network(outer)
    except ValueError:
        return False
    return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type] # both of one version
