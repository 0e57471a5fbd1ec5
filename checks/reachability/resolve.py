"""Follows CloudFormation's references through all templates of an environment, as far as a template alone tells."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from itertools import islice
from typing import Any

from checks.templates import Place, Reference, Templates, intrinsic, target

# Stands for the /56 that AWS gives a VPC when it is made: a block for documentation (RFC 3849).
VPC_IPV6_BLOCK = "2001:db8:0:100::/56"
REGION = "<Region>"

# Attributes that say the same as Ref does (AWS CloudFormation Template Reference, "Return values" of each type).
_IDENTITIES = {
    "AWS::EC2::EgressOnlyInternetGateway": {"Id"},
    "AWS::EC2::InternetGateway": {"InternetGatewayId"},
    "AWS::EC2::LaunchTemplate": {"LaunchTemplateId"},
    "AWS::EC2::NatGateway": {"NatGatewayId"},
    "AWS::EC2::NetworkAcl": {"Id"},
    "AWS::EC2::RouteTable": {"RouteTableId"},
    "AWS::EC2::SecurityGroup": {"GroupId", "Id"},
    "AWS::EC2::Subnet": {"SubnetId"},
    "AWS::EC2::VPC": {"VpcId"},
    "AWS::ElasticLoadBalancingV2::LoadBalancer": {"LoadBalancerArn"},
    "AWS::ElasticLoadBalancingV2::TargetGroup": {"TargetGroupArn"},
}
# Attributes that say the same as a property does.
_PROPERTIES = {
    ("AWS::EC2::VPC", "CidrBlock"): "CidrBlock",
    ("AWS::EC2::Subnet", "CidrBlock"): "CidrBlock",
    ("AWS::EC2::Subnet", "AvailabilityZone"): "AvailabilityZone",
    ("AWS::RDS::DBInstance", "Endpoint.Port"): "Port",
    ("AWS::RDS::DBCluster", "Endpoint.Port"): "Port",
}


class UnresolvedError(ValueError):
    """A value that the templates alone don't tell: says where it stands, and what it is."""


@dataclass(frozen=True, kw_only=True)
class _ZoneNames:
    """The list that Fn::GetAZs gives: its length and names are known to AWS only."""

    region: str


class _NoValue:
    """AWS::NoValue: as if the property weren't there."""


_NO_VALUE = _NoValue()


@dataclass(frozen=True, kw_only=True)
class Section:
    """Some properties of a resource, read one at a time, so that those nobody asks for need not be understood."""

    at: str
    stack: str
    raw: Mapping[str, Any]
    resolver: "Resolver" = field(repr=False, compare=False)

    def get(self, name: str, default: Any = None) -> Any:
        """The property with every reference in it followed; `default` where it isn't set."""
        value = self.resolver.resolve(self.raw.get(name, _NO_VALUE), stack=self.stack, at=f"{self.at}.{name}")
        return default if value is _NO_VALUE else value

    def require(self, name: str) -> Any:
        """The same, for a property that must be set."""
        value = self.get(name)
        if value is None:
            raise UnresolvedError(f"{self.at} has no {name}, without which nothing can be said about it")
        return value

    def section(self, name: str) -> "Section":
        """The properties inside the property; none where it isn't set."""
        return self._inside(self.raw.get(name, {}), name)

    def sections(self, name: str) -> list["Section"]:
        """The same for a list."""
        values = self.raw.get(name, [])
        if not isinstance(values, list):
            raise UnresolvedError(f"{self.at}.{name} must be written out as a list, got {_shown(values)}")
        return [self._inside(value, f"{name}[{index}]") for index, value in enumerate(values)]

    def _inside(self, value: Any, name: str) -> "Section":
        at = f"{self.at}.{name}"
        if not isinstance(value, Mapping) or intrinsic(value):
            raise UnresolvedError(f"{at} must be written out, got {_shown(value)}")
        return Section(at=at, stack=self.stack, raw=value, resolver=self.resolver)


@dataclass(frozen=True, kw_only=True)
class Resource(Section):
    """One resource of a template."""

    reference: Reference
    type: str


@dataclass(frozen=True, kw_only=True)
class Resolver:
    """Gives values of the templates with their references followed: as values, where `Templates` gives text."""

    templates: Templates

    def resources(self, *types: str) -> Iterator[Resource]:
        """Every resource of these types, of all types where none is named, in the templates' order."""
        for place in self.templates.resources(*types):
            yield self._resource(place)

    def find(self, value: Any, *types: str, at: str) -> Resource:
        """The resource that a resolved value points to, which must be of one of `types`."""
        if isinstance(value, Reference) and not value.attribute:
            resource = self._resource(value.place)
            if resource.type in types:
                return resource
        raise UnresolvedError(f"{at} must point to {' or '.join(types)} in these templates, got {value}")

    def resolve(self, value: Any, *, stack: str, at: str) -> Any:
        """`value` with every reference in it followed; `at` is where it stands, for messages."""
        if isinstance(value, list):
            items = [self.resolve(item, stack=stack, at=at) for item in value]
            return [item for item in items if item is not _NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        name = intrinsic(value)
        if not name:
            return {key: self.resolve(item, stack=stack, at=at) for key, item in value.items()}
        arguments = value[name]
        resolved: Any
        match name:
            case "Ref":
                resolved = self._ref(arguments, stack, at)
            case "Fn::GetAtt":
                resolved = self._attribute(arguments, stack, at)
            case "Fn::GetStackOutput":
                resolved = self._output(arguments, at)
            case "Fn::GetAZs":
                resolved = _ZoneNames(region=self.resolve(arguments, stack=stack, at=at) or REGION)
            case "Fn::Select" | "Fn::Cidr" | "Fn::Join":
                compute = {"Fn::Select": _select, "Fn::Cidr": _cidr, "Fn::Join": _join}[name]
                resolved = compute(self.resolve(arguments, stack=stack, at=at), at)
            case _:
                raise UnresolvedError(f"{at}: {name} can't be resolved from the templates alone: {_shown(value)}")
        return resolved

    def _resource(self, place: Place) -> Resource:
        body = self.templates.resource(place)
        if not body:
            raise UnresolvedError(f"{place} must be a resource of the template {place.stack}, and isn't")
        return Resource(
            at=str(place),
            stack=place.stack,
            raw=body.get("Properties", {}),
            resolver=self,
            reference=Reference(place=place),
            type=body["Type"],
        )

    def _ref(self, id_: str, stack: str, at: str) -> Any:
        if id_ == "AWS::NoValue":
            return _NO_VALUE
        if id_.startswith("AWS::"):
            return self.templates.text({"Ref": id_}, stack)
        if id_ in self.templates.stacks[stack].get("Parameters", {}):
            raise UnresolvedError(f"{at}: the parameter {id_} has a value only when it is deployed")
        return self._resource(Place(stack=stack, id=id_)).reference

    def _attribute(self, arguments: Any, stack: str, at: str) -> Any:
        id_, attribute = target(arguments)
        resource = self._resource(Place(stack=stack, id=id_))
        if attribute in _IDENTITIES.get(resource.type, ()):
            return resource.reference
        if (resource.type, attribute) in _PROPERTIES:
            return resource.require(_PROPERTIES[resource.type, attribute])
        if (resource.type, attribute) == ("AWS::EC2::Subnet", "Ipv6CidrBlocks"):
            return [resource.require("Ipv6CidrBlock")]
        if (resource.type, attribute) == ("AWS::EC2::VPC", "Ipv6CidrBlocks"):
            if not any(block.get("AmazonProvidedIpv6CidrBlock") for block in self.resources("AWS::EC2::VPCCidrBlock")):
                raise UnresolvedError(f"{at}: {resource.at} has no IPv6 block (AmazonProvidedIpv6CidrBlock)")
            return [VPC_IPV6_BLOCK]
        return Reference(place=resource.reference.place, attribute=attribute)

    def _output(self, arguments: Mapping[str, Any], at: str) -> Any:
        output = self.templates.output(arguments)
        value = self.templates.value(output)
        if value is None:
            raise UnresolvedError(
                f"{at}: Fn::GetStackOutput needs the stack {arguments['StackName']} with the output {output.name}, "
                f"found none among {', '.join(self.templates.stacks)}"
            )
        return self.resolve(value, stack=output.stack, at=f"{output.stack}.Outputs.{output.name}")


def _shown(value: Any) -> str:
    return json.dumps(value, default=str)[:200]


def _select(arguments: Any, at: str) -> Any:
    index, values = int(arguments[0]), arguments[1]
    if isinstance(values, _ZoneNames):
        return f"zone {index + 1}" + ("" if values.region == REGION else f" of {values.region}")
    if not isinstance(values, list) or index >= len(values):
        raise UnresolvedError(f"{at}: Fn::Select {index} finds nothing in {_shown(values)}")
    return values[index]


def _cidr(arguments: Any, at: str) -> list[str]:
    block, count, bits = arguments
    try:
        whole = ip_network(block)
        parts = list(islice(whole.subnets(new_prefix=whole.max_prefixlen - int(bits)), int(count)))
    except ValueError as error:
        raise UnresolvedError(f"{at}: Fn::Cidr of {_shown(arguments)}: {error}") from error
    if len(parts) < int(count):
        raise UnresolvedError(f"{at}: Fn::Cidr: {block} holds {len(parts)} such blocks, not {count}")
    return [str(part) for part in parts]


def _join(arguments: Any, at: str) -> str:
    separator, values = arguments
    if not isinstance(values, list):
        raise UnresolvedError(f"{at}: Fn::Join needs a list, got {_shown(values)}")
    return str(separator).join(str(value) for value in values)
