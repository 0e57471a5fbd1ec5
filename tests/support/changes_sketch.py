"""Small templates of two stacks, for tests that compare them."""

import copy
from collections.abc import Mapping
from typing import Any

from checks.changes.comparable import comparable
from checks.templates import ResourceId, Templates

Properties = dict[str, Any]
DATA, APP = "sketch-data", "sketch-app"


def ref(id_: str) -> Properties:
    return {"Ref": id_}


def att(id_: str, attribute: str) -> Properties:
    return {"Fn::GetAtt": [id_, attribute]}


def stack_output(output: str, stack: str = DATA) -> Properties:
    """A weak reference to another stack's output, as the CDK writes it."""
    return {"Fn::GetStackOutput": {"StackName": stack, "OutputName": output, "Region": ref("AWS::Region")}}


def resource_id(id_: str, stack: str = DATA) -> ResourceId:
    return ResourceId(stack=stack, logical_id=id_)


class Sketch:
    """The templates of two stacks. `add`, `put`, `output` and `remove` change them; `changed` returns a copy."""

    def __init__(self) -> None:
        self.stacks: dict[str, dict[str, Any]] = {stack: {"Resources": {}, "Outputs": {}} for stack in (DATA, APP)}

    def add(
        self, id_: str, type_: str, *, stack: str = DATA, attributes: Mapping[str, Any] | None = None, **properties: Any
    ) -> "Sketch":
        self.stacks[stack]["Resources"][id_] = {"Type": type_, "Properties": properties, **(attributes or {})}
        return self

    def put(self, id_: str, stack: str = DATA, **properties: Any) -> "Sketch":
        """Sets properties of an existing resource."""
        self.stacks[stack]["Resources"][id_]["Properties"] |= properties
        return self

    def output(self, name: str, value: Any, stack: str = DATA) -> "Sketch":
        self.stacks[stack]["Outputs"][name] = {"Value": value}
        return self

    def remove(self, id_: str, stack: str = DATA) -> "Sketch":
        del self.stacks[stack]["Resources"][id_]
        return self

    def changed(self) -> "Sketch":
        other = Sketch()
        other.stacks = copy.deepcopy(self.stacks)
        return other

    @property
    def templates(self) -> Templates:
        return comparable(self.stacks)
