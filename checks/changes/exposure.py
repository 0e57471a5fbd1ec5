"""Where the network opened: traffic that passes now and did not before."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from checks.templates import Place, Resource, Templates

_EVERYWHERE = ("0.0.0.0/0", "::/0")
_PORTS = (0, 65535)
# A property that puts a resource where more can reach it: its path, and the values that do.
_SWITCHES: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "AWS::RDS::DBInstance": (("PubliclyAccessible", ("true",)),),
    "AWS::RDS::DBCluster": (("PubliclyAccessible", ("true",)),),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        ("Scheme", ("internet-facing", "")),
    ),  # AWS's default is the internet
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
    """One way that is open now: whose it is, and what passes."""

    place: Place
    what: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a rule of a security group or of a network ACL lets through or stops."""

    egress: bool
    protocol: str
    ports: tuple[int, int]
    peer: str
    number: int = 0
    allow: bool = True

    def covers(self, other: "Rule") -> bool:
        """Whether it applies to everything that the other applies to."""
        return (
            self.egress == other.egress
            and self.protocol in ("-1", other.protocol)
            and self.ports[0] <= other.ports[0]
            and other.ports[1] <= self.ports[1]
            and _within(other.peer, self.peer)
        )

    def meets(self, other: "Rule") -> bool:
        """Whether some traffic is both rules' business."""
        return (
            self.egress == other.egress
            and (self.protocol == other.protocol or "-1" in (self.protocol, other.protocol))
            and self.ports[0] <= other.ports[1]
            and other.ports[0] <= self.ports[1]
            and (_within(self.peer, other.peer) or _within(other.peer, self.peer))
        )

    def __str__(self) -> str:
        protocol = {"-1": "everything", "6": "tcp", "17": "udp", "1": "icmp"}.get(self.protocol, self.protocol)
        ports = "" if self.ports == _PORTS else f" {self.ports[0]}"
        ports += f"-{self.ports[1]}" if ports and self.ports[0] != self.ports[1] else ""
        return f"{protocol}{ports} {'to' if self.egress else 'from'} {self.peer}"


def openings(old: Templates, new: Templates, moves: Mapping[Place, Place]) -> list[Opening]:
    """Everything that is open now and was not. A resource that moved is compared with what it was."""
    before = old.moved(moves)
    return [
        *_security_groups(before, new),
        *_acls(before, new),
        *_routes(before, new),
        *_switches(before, new),
    ]


def _security_groups(old: Templates, new: Templates) -> Iterator[Opening]:
    before = _group_rules(old)
    for place, rules in _group_rules(new).items():
        for rule in rules:
            if not any(was.covers(rule) for was in before.get(place, [])):
                yield Opening(place=place, what=f"{'egress' if rule.egress else 'ingress'} {rule}")


def _group_rules(templates: Templates) -> dict[Place, list[Rule]]:
    found: dict[Place, list[Rule]] = defaultdict(list)
    for place, group in templates.resources("AWS::EC2::SecurityGroup").items():
        properties = group.get("Properties", {})
        for egress, name in ((False, "SecurityGroupIngress"), (True, "SecurityGroupEgress")):
            for raw in properties.get(name, []):
                found[templates.current(place)].append(_group_rule(templates, place, raw, egress))
    for egress, type_ in ((False, "AWS::EC2::SecurityGroupIngress"), (True, "AWS::EC2::SecurityGroupEgress")):
        for place, resource in templates.resources(type_).items():
            properties = resource.get("Properties", {})
            groups = list(templates.references(properties.get("GroupId"), place.stack))
            owner = templates.current(groups[0].place if groups else place)
            found[owner].append(_group_rule(templates, place, properties, egress))
    for place in templates.resources("AWS::EC2::SecurityGroup"):
        current = templates.current(place)
        if not any(rule.egress for rule in found[current]):
            # CloudFormation Template Reference, "AWS::EC2::SecurityGroup": without egress rules, all egress is open.
            found[current] += [Rule(egress=True, protocol="-1", ports=_PORTS, peer=peer) for peer in _EVERYWHERE]
    return dict(found)


def _group_rule(templates: Templates, place: Place, raw: Mapping[str, Any], egress: bool) -> Rule:
    side = "Destination" if egress else "Source"
    names = ("CidrIp", "CidrIpv6", f"{side}SecurityGroupId", f"{side}PrefixListId", "SourceSecurityGroupName")
    peer = next((templates.text(raw[name], place.stack) for name in names if name in raw), "(nobody)")
    protocol, ports = _traffic(templates, place, raw.get("IpProtocol", "-1"), raw.get("FromPort"), raw.get("ToPort"))
    return Rule(egress=egress, protocol=protocol, ports=ports, peer=peer)


def _acls(old: Templates, new: Templates) -> Iterator[Opening]:
    """A rule is as before where an old one allowed all that it does, and what was denied before that still is."""
    before = _acl_rules(old)
    for place, rules in _acl_rules(new).items():
        was = before.get(place, [])
        for rule in (one for one in rules if one.allow):
            what = f"ACL {'egress' if rule.egress else 'ingress'} rule {rule.number}: {rule}"
            lost = [
                _lost_denials(rule, allowed, rules, was) for allowed in was if allowed.allow and allowed.covers(rule)
            ]
            if not lost:
                yield Opening(place=place, what=what)
            elif all(lost):
                denials = ", ".join(str(denial) for denial in min(lost, key=len))
                yield Opening(place=place, what=f"{what}, before which nothing denies {denials} any more")


def _lost_denials(rule: Rule, allowed: Rule, rules: list[Rule], was: list[Rule]) -> list[Rule]:
    denials = [one for one in was if not one.allow and one.number < allowed.number and one.meets(rule)]
    still = [one for one in rules if not one.allow and one.number < rule.number]
    return [denial for denial in denials if not any(one.covers(denial) for one in still)]


def _acl_rules(templates: Templates) -> dict[Place, list[Rule]]:
    """By subnet, which without an ACL of its own has the VPC's default one; that lets everything through."""
    acls: dict[str, list[Rule]] = defaultdict(list)
    for place, entry in templates.resources("AWS::EC2::NetworkAclEntry").items():
        raw = entry.get("Properties", {})
        span = raw.get("PortRange", {})
        protocol, ports = _traffic(templates, place, raw.get("Protocol", "-1"), span.get("From"), span.get("To"))
        acls[templates.text(raw.get("NetworkAclId"), place.stack)].append(
            Rule(
                egress=bool(raw.get("Egress", False)),
                protocol=protocol,
                ports=ports,
                peer=templates.text(raw.get("CidrBlock", raw.get("Ipv6CidrBlock", "(nobody)")), place.stack),
                number=int(raw.get("RuleNumber", 0)),
                allow=raw.get("RuleAction") == "allow",
            )
        )
    everything = [
        Rule(egress=egress, protocol="-1", ports=_PORTS, peer=peer, number=100)
        for egress in (False, True)
        for peer in _EVERYWHERE
    ]
    found = {templates.current(place): everything for place in templates.resources("AWS::EC2::Subnet")}
    for subnet, acl in _attached(templates, "AWS::EC2::SubnetNetworkAclAssociation", "NetworkAclId"):
        found[subnet] = acls[acl]
    return found


def _attached(templates: Templates, type_: str, name: str) -> Iterator[tuple[Place, str]]:
    """Each subnet that an association of this type gives something, and what that is."""
    for place, resource in templates.resources(type_).items():
        raw = resource.get("Properties", {})
        for reference in templates.references(raw.get("SubnetId"), place.stack):
            yield templates.current(reference.place), templates.text(raw.get(name), place.stack)


def _routes(old: Templates, new: Templates) -> Iterator[Opening]:
    """By subnet, so that a subnet that takes another route table counts as well."""
    before = _subnet_routes(old)
    for place, routes in _subnet_routes(new).items():
        for destination, target in sorted(routes - before.get(place, set())):
            yield Opening(place=place, what=f"route {destination} -> {target}")


def _subnet_routes(templates: Templates) -> dict[Place, set[tuple[str, str]]]:
    tables: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for place, resource in templates.resources("AWS::EC2::Route").items():
        raw = resource.get("Properties", {})
        names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
        destination = next((templates.text(raw[name], place.stack) for name in names if name in raw), "(nowhere)")
        target = next(
            (f"{word} {templates.text(raw[name], place.stack)}" for name, word in _TARGETS.items() if name in raw),
            "(nothing)",
        )
        tables[templates.text(raw.get("RouteTableId"), place.stack)].add((destination, target))
    found: dict[Place, set[tuple[str, str]]] = defaultdict(set)
    for subnet, table in _attached(templates, "AWS::EC2::SubnetRouteTableAssociation", "RouteTableId"):
        found[subnet] |= tables[table]
    return found


def _switches(old: Templates, new: Templates) -> Iterator[Opening]:
    before = {old.current(place): (place, resource) for place, resource in old.resources(*_SWITCHES).items()}
    for place, resource in new.resources(*_SWITCHES).items():
        for name, values in _SWITCHES[resource["Type"]]:
            origin, was = before.get(place, (place, None))
            now = _property(new, place, resource, name)
            if now in values and (was is None or _property(old, origin, was, name) not in values):
                yield Opening(place=place, what=f"{name} = {now or '(not set)'}")
    launch = "AWS::EC2::LaunchTemplate"
    was_public = {old.current(place) for place, one in old.resources(launch).items() if _gives_public_addresses(one)}
    for place, resource in new.resources(launch).items():
        if _gives_public_addresses(resource) and place not in was_public:
            yield Opening(place=place, what="NetworkInterfaces: AssociatePublicIpAddress = true")


def _gives_public_addresses(resource: Resource) -> bool:
    interfaces = resource.get("Properties", {}).get("LaunchTemplateData", {}).get("NetworkInterfaces", [])
    return any(interface.get("AssociatePublicIpAddress") in (True, "true") for interface in interfaces)


def _property(templates: Templates, place: Place, resource: Resource, path: str) -> str:
    value: Any = resource.get("Properties", {})
    for name in path.split("."):
        value = value.get(name, "") if isinstance(value, Mapping) else ""
    return templates.text(value, place.stack)


def _traffic(templates: Templates, place: Place, protocol: Any, first: Any, last: Any) -> tuple[str, tuple[int, int]]:
    """Protocol and ports. A port that only AWS knows makes a protocol of its own, which covers nothing but itself."""
    name = str(protocol)
    if first is None or str(first) == "-1" or name == "-1":
        return name, _PORTS
    try:
        return name, (int(first), int(last))
    except (TypeError, ValueError):
        return f"{name} {templates.text(first, place.stack)}", _PORTS


def _within(inner: str, outer: str) -> bool:
    if inner == outer:
        return True
    try:
        one, other = ip_network(inner), ip_network(outer)
    except ValueError:
        return False
    return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type] # of one version, just asked
