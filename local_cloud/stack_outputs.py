"""What the deployed stacks say of themselves: their outputs, found by name."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from .errors import LocalCloudError


@dataclass(frozen=True, kw_only=True)
class StackOutputs:
    """The outputs that the local cloud needs: `landing_bucket_name` is the output `LandingBucketName`, and so on."""

    landing_bucket_name: str
    incoming_prefix: str
    database_identifier: str
    database_name: str
    queue_url: str
    dead_letter_queue_url: str
    function_name: str
    event_source_id: str
    load_balancer_name: str
    target_group_arn: str
    launch_template_id: str
    instance_role_name: str


def stack_names(assembly: Path) -> list[str]:
    """The stacks of a synthesized assembly, in the order of their names in its manifest."""
    artifacts = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    return [
        artifact["properties"]["stackName"]
        for artifact in artifacts.values()
        if artifact["type"] == "aws:cloudformation:stack"
    ]


def read(cloudformation: Any, names: list[str]) -> StackOutputs:
    """The outputs of these stacks; raises LocalCloudError where one that is needed is missing."""
    found = {
        output["OutputKey"]: output["OutputValue"]
        for name in names
        for stack in cloudformation.describe_stacks(StackName=name)["Stacks"]
        for output in stack.get("Outputs", [])
    }
    wanted = {field.name: _camel(field.name) for field in fields(StackOutputs)}
    missing = sorted(set(wanted.values()) - found.keys())
    if missing:
        raise LocalCloudError(f"none of the stacks {', '.join(names)} has an output {', '.join(missing)}")
    return StackOutputs(**{name: found[output] for name, output in wanted.items()})


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
