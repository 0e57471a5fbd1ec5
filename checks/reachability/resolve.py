"""Resolves CloudFormation's references through all templates of an environment, as far as templates contain values."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from itertools import islice
from typing import Any

from checks.reachability.ranges import Block
from checks.templates import Reference, ResourceId, Templates, intrinsic, target, without_hash

# Placeholder for the /56 that AWS assigns when a VPC is created: a block for documentation (RFC 3849).
VPC_IPV6_BLOCK = "2001:db8:0:100::/56"
REGION = "<Region>"

# Attributes with the same value as Ref (AWS CloudFormation Template Reference, "Return values" of each type).
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
# Attributes with the same value as a property.
_PROPERTIES = {
    ("AWS::EC2::VPC", "CidrBlock"): "CidrBlock",
    ("AWS::EC2::Subnet", "CidrBlock"): "CidrBlock",
    ("AWS::EC2::Subnet", "AvailabilityZone"): "AvailabilityZone",
    ("AWS::RDS::DBInstance", "Endpoint.Port"): "Port",
    ("AWS::RDS::DBCluster", "Endpoint.Port"): "Port",
}


class UnresolvedError(ValueError):
    """The templates don't contain a value. The message says where it is needed, and what is there instead."""


@dataclass(frozen=True, kw_only=True)
class _ZoneNames:
    """The list that Fn::GetAZs returns: only AWS knows its length and names."""

    region: str


class _NoValue:
    """AWS::NoValue: the property counts as not set."""


_NO_VALUE = _NoValue()


@dataclass(frozen=True, kw_only=True)
class Section:
    """Some properties of a resource. Each is resolved when it is read: unused ones may be unresolvable."""

    at: str
    stack: str
    raw: Mapping[str, Any]
    resolver: "Resolver" = field(repr=False, compare=False)

    def get(self, name: str, default: Any = None) -> Any:
        """The resolved property; `default` if it isn't set."""
        value = self.resolver.resolve(self.raw.get(name, _NO_VALUE), stack=self.stack, at=f"{self.at}.{name}")
        return default if value is _NO_VALUE else value

    def require(self, name: str) -> Any:
        """The resolved property, which must be set."""
        value = self.get(name)
        if value is None:
            raise UnresolvedError(f"{self.at} has no {name}, which reachability needs")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Whether the property is true; `default` if it isn't set."""
        return str(self.get(name, default)).lower() == "true"

    def block(self, *names: str) -> Block | None:
        """The block of addresses in the first of these properties that is set; None if none is."""
        for name in names:
            if value := self.get(name):
                try:
                    return ip_network(str(value))
                except ValueError as error:
                    raise UnresolvedError(f"{self.at}: {error}") from error
        return None

    def value_of(self, name: str, key: str) -> str:
        """The `Value` of the item with this `Key` in a list, such as that of the tags; empty if there is none."""
        return next((str(item.get("Value")) for item in self.sections(name) if item.get("Key") == key), "")

    def section(self, name: str) -> "Section":
        """The properties inside the property; none if it isn't set."""
        return self._inside(self.raw.get(name, {}), name)

    def sections(self, name: str) -> list["Section"]:
        """The properties inside each item of the property, a list."""
        values = self.raw.get(name, [])
        if not isinstance(values, list):
            raise UnresolvedError(f"{self.at}.{name} must be a literal list, got {_shown(values)}")
        return [self._inside(value, f"{name}[{index}]") for index, value in enumerate(values)]

    def _inside(self, value: Any, name: str) -> "Section":
        at = f"{self.at}.{name}"
        if not isinstance(value, Mapping) or intrinsic(value):
            raise UnresolvedError(f"{at} must be a literal, got {_shown(value)}")
        return Section(at=at, stack=self.stack, raw=value, resolver=self.resolver)


@dataclass(frozen=True, kw_only=True)
class ResolvedResource(Section):
    """One resource of a template."""

    reference: Reference
    type: str

    @property
    def id_(self) -> ResourceId:
        """Its stack and logical id."""
        return self.reference.resource_id

    def name(self, suffix: str = "") -> str:
        """Its name for readers: the logical id without the CDK's hash and without a `suffix` that says what it is."""
        name = without_hash(self.id_.logical_id)
        return name.removesuffix(suffix) or name


@dataclass(frozen=True, kw_only=True)
class Resolver:
    """Resolves the values of templates to values, where `Templates` makes text of them."""

    templates: Templates

    def resources(self, *types: str) -> Iterator[ResolvedResource]:
        """All resources of these types, in the templates' order; without types, all resources."""
        for id_ in self.templates.resources(*types):
            yield self._resource(id_)

    def find(self, value: Any, *types: str, at: str) -> ResolvedResource:
        """The resource to which a resolved value refers, which must be of one of `types`."""
        if isinstance(value, Reference) and not value.attribute:
            resource = self._resource(value.resource_id)
            if resource.type in types:
                return resource
        raise UnresolvedError(f"{at} must refer to {' or '.join(types)} in these templates, got {value}")

    def resolve(self, value: Any, *, stack: str, at: str) -> Any:
        """The resolved `value`; `at` is its location, for messages."""
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

    def _resource(self, id_: ResourceId) -> ResolvedResource:
        body = self.templates.resource(id_)
        if not body:
            raise UnresolvedError(f"there is no resource {id_.logical_id} in the template {id_.stack}")
        return ResolvedResource(
            at=str(id_),
            stack=id_.stack,
            raw=body.get("Properties", {}),
            resolver=self,
            reference=Reference(resource_id=id_),
            type=body["Type"],
        )

    def _ref(self, id_: str, stack: str, at: str) -> Any:
        if id_ == "AWS::NoValue":
            return _NO_VALUE
        if id_.startswith("AWS::"):
            return self.templates.text({"Ref": id_}, stack)
        if id_ in self.templates.stacks[stack].get("Parameters", {}):
            raise UnresolvedError(f"{at}: the parameter {id_} has a value only at deployment")
        return self._resource(ResourceId(stack=stack, logical_id=id_)).reference

    def _attribute(self, arguments: Any, stack: str, at: str) -> Any:
        id_, attribute = target(arguments)
        resource = self._resource(ResourceId(stack=stack, logical_id=id_))
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
        return Reference(resource_id=resource.reference.resource_id, attribute=attribute)

    def _output(self, arguments: Mapping[str, Any], at: str) -> Any:
        output = self.templates.output(arguments)
        value = self.templates.value(output)
        if value is None:
            raise UnresolvedError(
                f"{at}: Fn::GetStackOutput needs the stack {arguments['StackName']} with the output {output.name}, "
                f"and there are only the stacks {', '.join(self.templates.stacks)}"
            )
        return self.resolve(value, stack=output.stack, at=f"{output.stack}.Outputs.{output.name}")


def _shown(value: Any) -> str:
    return json.dumps(value, default=str)[:200]


def _select(arguments: Any, at: str) -> Any:
    index, values = int(arguments[0]), arguments[1]
    if isinstance(values, _ZoneNames):
        return f"zone {index + 1}" + ("" if values.region == REGION else f" of {values.region}")
    if not isinstance(values, list) or index >= len(values):
        raise UnresolvedError(f"{at}: Fn::Select {index} is out of range in {_shown(values)}")
    return values[index]


def _cidr(arguments: Any, at: str) -> list[str]:
    block, count, bits = arguments
    try:
        whole = ip_network(block)
        parts = list(islice(whole.subnets(new_prefix=whole.max_prefixlen - int(bits)), int(count)))
    except ValueError as error:
        raise UnresolvedError(f"{at}: Fn::Cidr of {_shown(arguments)}: {error}") from error
    if len(parts) < int(count):
        raise UnresolvedError(f"{at}: Fn::Cidr: {block} contains {len(parts)} such blocks, not {count}")
    return [str(part) for part in parts]


def _join(arguments: Any, at: str) -> str:
    separator, values = arguments
    if not isinstance(values, list):
        raise UnresolvedError(f"{at}: Fn::Join needs a list, got {_shown(values)}")
    return str(separator).join(str(value) for value in values)
