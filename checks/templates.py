"""All templates of one environment, and where the references between their resources and stacks lead.

What only a deployment knows reads the same everywhere, whichever way a template asks for it: `${Data/Bucket.Arn}` for
a resource or one attribute of it, `<Region>` for what CloudFormation fills in.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Template = Mapping[str, Any]
Resource = Mapping[str, Any]

# A reference to a resource, as text.
REFERENCE = re.compile(r"\$\{(?P<stack>[\w-]+)/(?P<id>[^.}]+)(?:\.(?P<attribute>[^}]+))?\}")
_SUBSTITUTION = re.compile(r"\$\{(!?)([^}]+)\}")
_PSEUDO = "AWS::"


@dataclass(frozen=True, kw_only=True, order=True)
class Place:
    """One resource: a logical id in a stack."""

    stack: str
    id: str

    def __str__(self) -> str:
        return f"{self.stack}/{self.id}"


@dataclass(frozen=True, kw_only=True, order=True)
class Output:
    """One output of a stack."""

    stack: str
    name: str

    def __str__(self) -> str:
        return f"{self.stack}.{self.name}"


@dataclass(frozen=True, kw_only=True, order=True)
class Reference:
    """A resource, or one attribute of it, as another one refers to it; `output` is the way it came, if any."""

    place: Place
    attribute: str = ""
    output: Output | None = None

    def __str__(self) -> str:
        return f"{self.place}.{self.attribute}" if self.attribute else str(self.place)

    @property
    def text(self) -> str:
        """As it reads in a text: `REFERENCE` finds it there."""
        return f"${{{self}}}"


@dataclass(frozen=True, kw_only=True)
class Templates:
    """All templates of one environment, by the name of the stack or by its capability ("Data" for "shop-prod-data").

    `aliases` are new places of resources that moved.
    """

    stacks: Mapping[str, Template]
    aliases: Mapping[Place, Place] = field(default_factory=dict)

    def resources(self, *types: str) -> dict[Place, Resource]:
        """Every resource of these types; of all types where none is named."""
        return {
            Place(stack=stack, id=id_): resource
            for stack, template in self.stacks.items()
            for id_, resource in template.get("Resources", {}).items()
            if not types or resource["Type"] in types
        }

    def resource(self, place: Place) -> Resource:
        """The resource; empty where there is none."""
        found: Resource = self.stacks.get(place.stack, {}).get("Resources", {}).get(place.id, {})
        return found

    def outputs(self) -> dict[Output, Any]:
        """Every output's value."""
        return {
            Output(stack=stack, name=name): output["Value"]
            for stack, template in self.stacks.items()
            for name, output in template.get("Outputs", {}).items()
        }

    def output(self, arguments: Mapping[str, Any]) -> Output:
        """The output that Fn::GetStackOutput asks for, whether its stack is here or not."""
        name = str(arguments["StackName"])
        # Stacks are named "<project>-<environment>-<capability>" (stacks/base.py).
        capabilities = {stack.lower(): stack for stack in self.stacks}
        stack = capabilities.get(name.rpartition("-")[2], name)
        return Output(stack=stack, name=str(arguments["OutputName"]))

    def value(self, output: Output) -> Any:
        """What the output's stack puts into it; None where there is no such output."""
        return self.stacks.get(output.stack, {}).get("Outputs", {}).get(output.name, {}).get("Value")

    def moved(self, moves: Mapping[Place, Place]) -> "Templates":
        """The same templates, whose references name resources by their new places."""
        return replace(self, aliases=moves)

    def current(self, place: Place) -> Place:
        """Where the resource is now."""
        return self.aliases.get(place, place)

    def reads(self, value: Any) -> Iterator[Output]:
        """Every output of another stack that the value reads."""
        for name, arguments in _intrinsics(value):
            if name == "Fn::GetStackOutput":
                yield self.output(arguments)

    def references(self, value: Any, stack: str) -> Iterator[Reference]:
        """Every resource that the value refers to, in its own stack or through an output of another."""
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
        """Every resource that a text of `text` names."""
        for stack, id_, attribute in REFERENCE.findall(text):
            yield from self._known(stack, id_, attribute)

    def text(self, value: Any, stack: str) -> str:
        """The value as one line with its references as text, through outputs to what these tell.

        Equal texts are equal values for CloudFormation, as long as no resource that they refer to is replaced.
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
                text = f"(part {index} by {separator} of {self.text(whole, stack)})"
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
        id_, attribute = target(arguments)
        if id_.startswith(_PSEUDO):
            return f"<{id_.removeprefix(_PSEUDO)}>"
        return Reference(place=self.current(Place(stack=stack, id=id_)), attribute=attribute).text

    def _known(self, stack: str, id_: str, attribute: str) -> Iterator[Reference]:
        place = Place(stack=stack, id=id_)
        if self.resource(place):
            yield Reference(place=place, attribute=attribute)


def intrinsic(value: Any) -> str:
    """The name of the intrinsic function that the value is; empty for a plain value."""
    if isinstance(value, Mapping) and len(value) == 1:
        (name,) = value
        if name == "Ref" or name.startswith("Fn::"):
            return str(name)
    return ""


def target(arguments: Any) -> tuple[str, str]:
    """Logical id and attribute, if any, that Ref, Fn::GetAtt or Fn::Sub names."""
    if isinstance(arguments, str):
        id_, _, attribute = arguments.partition(".")
    else:
        id_, attribute = arguments
    return id_, str(attribute)


def _intrinsics(value: Any) -> Iterator[tuple[str, Any]]:
    """Every intrinsic function inside the value, with its arguments."""
    if isinstance(value, list):
        for item in value:
            yield from _intrinsics(item)
    elif isinstance(value, Mapping):
        if name := intrinsic(value):
            yield name, value[name]
        for item in value.values():
            yield from _intrinsics(item)


def _substituted(arguments: Any) -> tuple[str, Mapping[str, Any]]:
    """The pattern of Fn::Sub, and the variables that it brings along."""
    pattern, variables = arguments if isinstance(arguments, list) else (arguments, {})
    return pattern, variables
