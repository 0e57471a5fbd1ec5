"""All templates of one environment, and the references between their resources and stacks."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tools.changes.errors import ChangesError

Template = Mapping[str, Any]
Resource = Mapping[str, Any]
PATH = "aws:cdk:path"
PROTECTION = "TerminationProtection"

# Asset keys and hashes of content.
_HASH = re.compile(r"\b[0-9a-f]{64}\b")
# The CDK names a published function version by the content of the function, so each release would add and remove one.
_VERSION = re.compile(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}")
_SUBSTITUTION = re.compile(r"\$\{(!?)([^}]+)\}")


def masked(template: Template, *, with_code: bool = False) -> str:
    """The template as stable text: no ids of published versions and, unless `with_code`, no hashes of code."""
    text = json.dumps(template, indent=2, sort_keys=True) + "\n"
    text = _VERSION.sub(r"\1<hash>", text)
    return text if with_code else _HASH.sub("<hash>", text)


def protected(template: Template, *, by: bool) -> Template:
    """The template with its stack's termination protection, which CloudFormation keeps outside of it, as if inside."""
    return {**template, PROTECTION: by}


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


@dataclass(frozen=True, kw_only=True)
class Templates:
    """All templates of one environment, by stack name; `aliases` are new places of resources that moved."""

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

    def content(self, stack: str) -> Any:
        """All that the stack's template says, without what the CDK notes for its own tools."""
        template = self.stacks.get(stack, {})
        resources = {
            id_: {**resource, "Metadata": metadata(resource)} for id_, resource in template.get("Resources", {}).items()
        }
        return {**template, "Resources": resources}

    def outputs(self) -> dict[Output, Any]:
        """Every output's value."""
        return {
            Output(stack=stack, name=name): output["Value"]
            for stack, template in self.stacks.items()
            for name, output in template.get("Outputs", {}).items()
        }

    def path(self, place: Place) -> str:
        """The resource's construct path; empty where the template doesn't tell."""
        resource = self.stacks.get(place.stack, {}).get("Resources", {}).get(place.id, {})
        return str(resource.get("Metadata", {}).get(PATH, ""))

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
                yield Output(stack=str(arguments["StackName"]), name=str(arguments["OutputName"]))

    def references(self, value: Any, stack: str) -> Iterator[Reference]:
        """Every resource that the value refers to, in its own stack or through an output of another."""
        for name, arguments in _intrinsics(value):
            match name:
                case "Ref":
                    yield from self._known(stack, str(arguments), "")
                case "Fn::GetAtt":
                    yield from self._known(stack, *_attribute(arguments))
                case "Fn::Sub":
                    text, variables = arguments if isinstance(arguments, list) else (arguments, {})
                    for escape, inner in _SUBSTITUTION.findall(text):
                        if not escape and inner not in variables:
                            id_, _, attribute = inner.partition(".")
                            yield from self._known(stack, id_, attribute)
                case "Fn::GetStackOutput":
                    output = Output(stack=str(arguments["StackName"]), name=str(arguments["OutputName"]))
                    for reference in self.references(self.outputs().get(output), output.stack):
                        yield replace(reference, output=output)

    def text(self, value: Any, stack: str) -> str:
        """The value as one line in which references read `${stack/LogicalId.Attribute}`, whichever way they are made.

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
            case "Ref", str():
                text = self._reference(stack, arguments, "")
            case "Fn::GetAtt", _:
                text = self._reference(stack, *_attribute(arguments))
            case "Fn::Join", [separator, list() as parts]:
                text = str(separator).join(self.text(part, stack) for part in parts)
            case "Fn::Select", [index, {"Fn::Split": [separator, whole]}]:
                text = f"(part {index} by {separator} of {self.text(whole, stack)})"
            case "Fn::Sub", _:
                pattern, variables = arguments if isinstance(arguments, list) else (arguments, {})
                text = _SUBSTITUTION.sub(lambda found: self._substitution(found, variables, stack), pattern)
            case "Fn::GetStackOutput", _:
                output = Output(stack=str(arguments["StackName"]), name=str(arguments["OutputName"]))
                known = self.outputs()
                text = self.text(known[output], output.stack) if output in known else f"${{{output}}}"
            case _:
                text = f"{name.removeprefix('Fn::')}({self.text(arguments, stack)})"
        return text

    def _substitution(self, found: re.Match[str], variables: Mapping[str, Any], stack: str) -> str:
        escape, inner = found.groups()
        if escape:
            return f"${{!{inner}}}"
        if inner in variables:
            return self.text(variables[inner], stack)
        id_, _, attribute = inner.partition(".")
        return self._reference(stack, id_, attribute)

    def _reference(self, stack: str, id_: str, attribute: str) -> str:
        if id_.startswith("AWS::"):
            return f"${{{id_}}}"
        return f"${{{self.current(Place(stack=stack, id=id_))}{'.' if attribute else ''}{attribute}}}"

    def _known(self, stack: str, id_: str, attribute: str) -> Iterator[Reference]:
        if id_ in self.stacks.get(stack, {}).get("Resources", {}):
            yield Reference(place=Place(stack=stack, id=id_), attribute=attribute)


def templates(stacks: Mapping[str, Template], *, with_code: bool = False) -> Templates:
    """The templates with what changes at each release masked (see `masked`). Raises ChangesError for none at all."""
    if not stacks:
        raise ChangesError("there is no template to compare: give at least one stack")
    return Templates(stacks={name: json.loads(masked(stacks[name], with_code=with_code)) for name in stacks})


def metadata(resource: Resource) -> dict[str, Any]:
    """The resource's metadata without what the CDK notes for its own tools."""
    return {key: value for key, value in resource.get("Metadata", {}).items() if not key.startswith("aws:")}


def intrinsic(value: Any) -> str:
    """The name of the intrinsic function that the value is; empty for a plain value."""
    if isinstance(value, Mapping) and len(value) == 1:
        (name,) = value
        if name == "Ref" or name.startswith("Fn::"):
            return str(name)
    return ""


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


def _attribute(arguments: Any) -> tuple[str, str]:
    id_, attribute = arguments.split(".", 1) if isinstance(arguments, str) else arguments
    return str(id_), str(attribute)
