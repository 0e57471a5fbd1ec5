"""Expected properties from a template, with the current names of resources, to compare with AWS's answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ops.environment.stacks import DeployedStack

# Stands for text that can't be known here, such as an attribute of a resource. It matches any text.
UNKNOWN = "\0"
_NO_VALUE = object()


class Values:
    """Replaces the intrinsic functions in properties, with the values of `known` parameters and logical ids."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self._known = {**known, "AWS::NoValue": _NO_VALUE}

    def resolve(self, value: Any) -> Any:
        """The value without intrinsic functions; text that can't be known is UNKNOWN."""
        if isinstance(value, list):
            return [found for each in value if (found := self.resolve(each)) is not _NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1 and (function := next(iter(value))) in _FUNCTIONS:
            return _FUNCTIONS[function](self, value[function])
        return {name: found for name, each in value.items() if (found := self.resolve(each)) is not _NO_VALUE}

    def attribute(self, _: list[str]) -> str:
        return UNKNOWN

    def output(self, _: Mapping[str, Any]) -> str:
        return UNKNOWN

    def zones(self, _: Any) -> list[str] | str:
        return UNKNOWN

    def ref(self, name: str) -> Any:
        return self._known.get(name, UNKNOWN)

    def join(self, joined: list[Any]) -> str:
        separator, parts = joined
        return str(separator).join(str(self.resolve(part)) for part in parts)

    def select(self, selected: list[Any]) -> Any:
        index, options = int(selected[0]), self.resolve(selected[1])
        return options[index] if isinstance(options, list) and index < len(options) else UNKNOWN

    def unknown(self, _: Any) -> str:
        return UNKNOWN


class DeployedValues(Values):
    """Replaces the intrinsic functions in the properties of one deployed stack."""

    def __init__(self, stack: DeployedStack, stacks: list[DeployedStack]) -> None:
        _, self._partition, _, region, account, _ = stack.id.split(":", 5)
        super().__init__(
            {
                "AWS::Partition": self._partition,
                "AWS::Region": region,
                "AWS::AccountId": account,
                "AWS::StackName": stack.name,
                "AWS::StackId": stack.id,
                **{resource.logical_id: resource.physical_id for resource in stack.resources},
            }
        )
        self._types = {resource.logical_id: resource.type for resource in stack.resources}
        self._outputs = {each.name: each.outputs for each in stacks}

    def attribute(self, path: list[str]) -> str:
        name, attribute = path
        if self._types.get(name) == "AWS::S3::Bucket" and attribute == "Arn":
            return f"arn:{self._partition}:s3:::{self.ref(name)}"
        return UNKNOWN

    def output(self, read: Mapping[str, Any]) -> str:
        return self._outputs.get(read["StackName"], {}).get(read["OutputName"], UNKNOWN)


_FUNCTIONS: dict[str, Callable[[Values, Any], Any]] = {
    "Ref": lambda values, name: values.ref(name),
    "Fn::GetAtt": lambda values, path: values.attribute(path),
    "Fn::GetAZs": lambda values, region: values.zones(region),
    "Fn::GetStackOutput": lambda values, read: values.output(read),
    "Fn::Join": Values.join,
    "Fn::Select": Values.select,
    **dict.fromkeys(("Fn::If", "Fn::ImportValue", "Fn::Split", "Fn::Sub", "Fn::FindInMap"), Values.unknown),
}


def is_known(value: Any) -> bool:
    """Whether the value has no part that can't be known here."""
    if isinstance(value, Mapping):
        return all(is_known(each) for each in value.values())
    if isinstance(value, list):
        return all(is_known(each) for each in value)
    return UNKNOWN not in str(value)


def matches(expected: Any, found: Any) -> bool:
    """Whether AWS's answer is what the template says.

    In policies, a list of one is the same as its element, the order of a list means nothing, and numbers and booleans
    may be text.
    """
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return expected.keys() == found.keys() and all(matches(expected[name], found[name]) for name in expected)
    if isinstance(expected, list) or isinstance(found, list):
        wanted, rest = _as_list(expected), _as_list(found)
        for each in wanted:
            if (match := next((one for one in rest if matches(each, one)), None)) is None:
                return False
            rest.remove(match)
        return not rest
    if isinstance(expected, Mapping) or isinstance(found, Mapping):
        return False
    pattern = ".*".join(re.escape(part) for part in _text(expected).split(UNKNOWN))
    return re.fullmatch(pattern, _text(found), re.DOTALL) is not None


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
