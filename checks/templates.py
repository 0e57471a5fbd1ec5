"""All templates of one environment, with the references between their resources and stacks resolved.

Values that only a deployment knows have one notation, however a template writes them: `${data/Bucket.Arn}` for a
resource or one of its attributes, `<Region>` for a pseudo parameter.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Template = Mapping[str, Any]
Resource = Mapping[str, Any]

# The text of a reference to a resource.
REFERENCE = re.compile(r"\$\{(?P<stack>[\w-]+)/(?P<id>[^.}]+)(?:\.(?P<attribute>[^}]+))?\}")
_SUBSTITUTION = re.compile(r"\$\{(!?)([^}]+)\}")
_PSEUDO = "AWS::"


@dataclass(frozen=True, kw_only=True, order=True)
class ResourceId:
    """A resource's stack and its logical id there."""

    stack: str
    logical_id: str

    def __str__(self) -> str:
        return f"{self.stack}/{self.logical_id}"


@dataclass(frozen=True, kw_only=True, order=True)
class Output:
    """One output of a stack."""

    stack: str
    name: str

    def __str__(self) -> str:
        return f"{self.stack}.{self.name}"


@dataclass(frozen=True, kw_only=True, order=True)
class Reference:
    """A reference to a resource or to one of its attributes; `output` is the stack output it goes through, if any."""

    resource_id: ResourceId
    attribute: str = ""
    output: Output | None = None

    def __str__(self) -> str:
        return f"{self.resource_id}.{self.attribute}" if self.attribute else str(self.resource_id)

    @property
    def text(self) -> str:
        """The reference as part of a text, in which `REFERENCE` finds it again."""
        return f"${{{self}}}"


@dataclass(frozen=True, kw_only=True)
class Templates:
    """All templates of one environment, by stack.

    `keys` are the keys of `stacks` by stack name, for callers that use other keys than stack names. `moved` maps each
    resource that moved to its new id.
    """

    stacks: Mapping[str, Template]
    keys: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[ResourceId, ResourceId] = field(default_factory=dict)

    def resources(self, *types: str) -> dict[ResourceId, Resource]:
        """All resources of these types; without types, all resources."""
        return {
            ResourceId(stack=stack, logical_id=logical_id): resource
            for stack, template in self.stacks.items()
            for logical_id, resource in template.get("Resources", {}).items()
            if not types or resource["Type"] in types
        }

    def resource(self, id_: ResourceId) -> Resource:
        """The resource; empty if it doesn't exist."""
        found: Resource = self.stacks.get(id_.stack, {}).get("Resources", {}).get(id_.logical_id, {})
        return found

    def properties(self, id_: ResourceId) -> Mapping[str, Any]:
        """The resource's properties; empty if it doesn't exist."""
        found: Mapping[str, Any] = self.resource(id_).get("Properties", {})
        return found

    def outputs(self) -> dict[Output, Any]:
        """The value of each output."""
        return {
            Output(stack=stack, name=name): output["Value"]
            for stack, template in self.stacks.items()
            for name, output in template.get("Outputs", {}).items()
        }

    def output(self, arguments: Mapping[str, Any]) -> Output:
        """The output that Fn::GetStackOutput reads; its stack need not be among these templates."""
        name = str(arguments["StackName"])
        return Output(stack=self.keys.get(name, name), name=str(arguments["OutputName"]))

    def value(self, output: Output) -> Any:
        """The output's value; None if there is no such output."""
        return self.stacks.get(output.stack, {}).get("Outputs", {}).get(output.name, {}).get("Value")

    def with_moves(self, moves: Mapping[ResourceId, ResourceId]) -> "Templates":
        """The same templates, whose references name moved resources by their new ids."""
        return replace(self, moved=moves)

    def current(self, id_: ResourceId) -> ResourceId:
        """The resource's new id if it moved, else its id."""
        return self.moved.get(id_, id_)

    def reads(self, value: Any) -> Iterator[Output]:
        """The outputs of other stacks that the value reads."""
        for name, arguments in _intrinsics(value):
            if name == "Fn::GetStackOutput":
                yield self.output(arguments)

    def references(self, value: Any, stack: str) -> Iterator[Reference]:
        """The resources that the value refers to, in its own stack or through an output of another one."""
        for name, arguments in _intrinsics(value):
            match name:
                case "Ref" | "Fn::GetAtt":
                    yield from self._known(stack, *target(arguments))
                case "Fn::Sub":
                    pattern, variables = _substituted(arguments)
                    for escape, inner in _SUBSTITUTION.findall(pattern):
                        if not escape and inner not in variables:
                            yield from self._known(stack, *target(inner))
                case "Fn::GetStackOutput":
                    output = self.output(arguments)
                    for reference in self.references(self.value(output), output.stack):
                        yield replace(reference, output=output)

    def named(self, text: str) -> Iterator[Reference]:
        """The resources that a text, as made by `text`, refers to."""
        for stack, logical_id, attribute in REFERENCE.findall(text):
            yield from self._known(stack, logical_id, attribute)

    def text(self, value: Any, stack: str) -> str:
        """The value as one line of text, with references to other stacks' outputs followed to their resources.

        Equal texts mean equal values to CloudFormation, unless a resource that they refer to is replaced.
        """
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, list):
            return "[" + ", ".join(self.text(item, stack) for item in value) + "]"
        if not isinstance(value, Mapping):
            return str(value)
        name = intrinsic(value)
        if not name:
            return "{" + ", ".join(f"{key}: {self.text(value[key], stack)}" for key in sorted(value)) + "}"
        return self._intrinsic_text(name, value[name], stack)

    def _intrinsic_text(self, name: str, arguments: Any, stack: str) -> str:
        match name, arguments:
            case "Ref" | "Fn::GetAtt", _:
                text = self._reference_text(arguments, stack)
            case "Fn::Join", [separator, list() as parts]:
                text = str(separator).join(self.text(part, stack) for part in parts)
            case "Fn::Select", [index, {"Fn::Split": [separator, whole]}]:
                text = f"(item {index} of {self.text(whole, stack)} split at {separator})"
            case "Fn::Sub", _:
                pattern, variables = _substituted(arguments)
                text = _SUBSTITUTION.sub(lambda found: self._substitution(found, variables, stack), pattern)
            case "Fn::GetStackOutput", _:
                output = self.output(arguments)
                value = self.value(output)
                text = f"${{{output}}}" if value is None else self.text(value, output.stack)
            case _:
                text = f"{name.removeprefix('Fn::')}({self.text(arguments, stack)})"
        return text

    def _substitution(self, found: re.Match[str], variables: Mapping[str, Any], stack: str) -> str:
        escape, inner = found.groups()
        if escape:
            return found[0]
        return self.text(variables[inner], stack) if inner in variables else self._reference_text(inner, stack)

    def _reference_text(self, arguments: Any, stack: str) -> str:
        logical_id, attribute = target(arguments)
        if logical_id.startswith(_PSEUDO):
            return f"<{logical_id.removeprefix(_PSEUDO)}>"
        id_ = self.current(ResourceId(stack=stack, logical_id=logical_id))
        return Reference(resource_id=id_, attribute=attribute).text

    def _known(self, stack: str, logical_id: str, attribute: str) -> Iterator[Reference]:
        id_ = ResourceId(stack=stack, logical_id=logical_id)
        if self.resource(id_):
            yield Reference(resource_id=id_, attribute=attribute)


def intrinsic(value: Any) -> str:
    """The name of the intrinsic function if the value is one; else empty."""
    if isinstance(value, Mapping) and len(value) == 1:
        (name,) = value
        if name == "Ref" or name.startswith("Fn::"):
            return str(name)
    return ""


def without_hash(logical_id: str) -> str:
    """The logical id without the hash that the CDK computes from the construct's path."""
    return re.sub(r"[0-9A-F]{8}$", "", logical_id)


def target(arguments: Any) -> tuple[str, str]:
    """The logical id and the attribute (or "") that Ref, Fn::GetAtt or Fn::Sub names."""
    if isinstance(arguments, str):
        logical_id, _, attribute = arguments.partition(".")
    else:
        logical_id, attribute = arguments
    return logical_id, str(attribute)


def mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every mapping inside the value, at any depth; an outer one precedes its inner ones."""
    if isinstance(value, Mapping):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from mappings(item)


def _intrinsics(value: Any) -> Iterator[tuple[str, Any]]:
    """The intrinsic functions inside the value, each with its arguments."""
    return ((name, found[name]) for found in mappings(value) if (name := intrinsic(found)))


def _substituted(arguments: Any) -> tuple[str, Mapping[str, Any]]:
    """The pattern of Fn::Sub and its own variables."""
    pattern, variables = arguments if isinstance(arguments, list) else (arguments, {})
    return pattern, variables
