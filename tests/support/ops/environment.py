"""Stacks of an environment, as objects and as AWS's answers."""

from __future__ import annotations

import json
from collections.abc import Set
from datetime import datetime
from typing import Any

from config.environments import DEV
from ops.environment.stacks import DeployedResource, DeployedStack
from tests.support.ops.stubs import AT, Stubs

PROJECT = DEV.project
ARN = "arn:aws:cloudformation:eu-central-1:111122223333:stack/"


def tags(environment: str) -> list[dict[str, str]]:
    """The tags that every stack gives to its resources."""
    return [{"Key": "Environment", "Value": environment}, {"Key": "Project", "Value": PROJECT}]


def resource(type_: str, properties: dict[str, Any] | None = None, *, policy: str = "") -> DeployedResource:
    """A resource with the physical id "thing". Without a policy in its template it is deleted with its stack."""
    return DeployedResource(
        logical_id="Thing",
        physical_id="thing",
        type=type_,
        properties=properties or {},
        deletion_policy=policy or "Delete",
        declares_policy=bool(policy),
    )


def deployed_stack(
    name: str, *resources: DeployedResource, created: datetime = AT, needs: Set[str] = frozenset(), **more: Any
) -> DeployedStack:
    """A stack that was deployed without errors."""
    values: dict[str, Any] = {
        "id": f"{ARN}{name}/1",
        "status": "CREATE_COMPLETE",
        "status_reason": "",
        "is_protected": False,
        "template": {},
        "outputs": {},
    }
    return DeployedStack(name=name, created=created, resources=resources, needs=frozenset(needs), **{**values, **more})


def stacks_are_deployed(aws: Stubs, templates: dict[str, Any], *, status: str = "CREATE_COMPLETE") -> None:
    """The next search for stacks finds these: `dev-data` is the stack `<project>-dev-data`."""
    named = {f"{PROJECT}-{name}": template for name, template in templates.items()}
    described = [
        {
            "StackName": name,
            "StackId": f"{ARN}{name}/1",
            "StackStatus": status,
            "CreationTime": AT,
            "Outputs": [
                {"OutputKey": key, "OutputValue": export, "ExportName": export}
                for key, export in template.get("Outputs", {}).items()
            ],
        }
        for name, template in named.items()
    ]
    aws.expect("cloudformation", "describe_stacks", {"Stacks": described}, {})
    for name, template in named.items():
        answer: dict[str, Any] = {"TemplateBody": json.dumps(template)}
        aws.expect("cloudformation", "get_template", answer, {"StackName": name, "TemplateStage": "Original"})
    for name, template in named.items():
        if any(each["Properties"].get("Tags") == tags("dev") for each in template["Resources"].values()):
            summaries = [
                {
                    "LogicalResourceId": id_,
                    "PhysicalResourceId": id_.lower(),
                    "ResourceType": each["Type"],
                    "ResourceStatus": "CREATE_COMPLETE",
                    "LastUpdatedTimestamp": AT,
                }
                for id_, each in template["Resources"].items()
            ]
            answer = {"StackResourceSummaries": summaries}
            aws.expect("cloudformation", "list_stack_resources", answer, {"StackName": name})
