"""Reads the outputs of the deployed stacks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import LocalCloudError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


@dataclass(frozen=True, kw_only=True)
class CoreOutputs:
    """The outputs that the local cloud itself needs."""

    landing_bucket_name: str
    incoming_prefix: str
    database_identifier: str
    database_name: str
    queue_url: str
    dead_letter_queue_url: str
    function_name: str
    event_source_id: str


def stack_names(assembly: Path) -> list[str]:
    """The stacks of a synthesized assembly, in the order of its manifest."""
    artifacts = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    return [
        artifact["properties"]["stackName"]
        for artifact in artifacts.values()
        if artifact["type"] == "aws:cloudformation:stack"
    ]


def changed_at(cloudformation: Any) -> dict[str, str]:
    """When each stack that is deployed was last changed."""
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    stacks = [stack for page in pages for stack in page["Stacks"]]
    return {
        stack["StackName"]: f"{stack['StackStatus']} {stack.get('LastUpdatedTime', stack['CreationTime']).isoformat()}"
        for stack in stacks
    }


def has_stack_of(capability: str, names: list[str]) -> bool:
    """Whether one of the stacks is the capability's: their names end with it (stacks/base.py)."""
    return any(name.endswith(f"-{capability.replace('_', '')}") for name in names)


def read(cloudformation: Any, names: list[str]) -> dict[str, str]:
    """The outputs of all these stacks, by name."""
    return {
        output["OutputKey"]: output["OutputValue"]
        for name in names
        for stack in cloudformation.describe_stacks(StackName=name)["Stacks"]
        for output in stack.get("Outputs", [])
    }


def select(kind: type[T], outputs: Mapping[str, str]) -> T:
    """The dataclass `kind` with a field for each output: `queue_url` is the output `QueueUrl`.

    Raises LocalCloudError if an output is missing.
    """
    wanted = {field.name: _camel(field.name) for field in fields(kind)}
    missing = sorted(set(wanted.values()) - outputs.keys())
    if missing:
        raise LocalCloudError(f"no stack has an output {', '.join(missing)}")
    return kind(**{name: outputs[output] for name, output in wanted.items()})


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
