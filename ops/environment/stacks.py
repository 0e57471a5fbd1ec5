"""The deployed stacks of an environment: what they consist of, and which of them needs which."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops.common.environment import DeployedEnvironment

# The CDK's command line deletes a stack in this state, and creates it again.
CREATION_FAILED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
DELETED = "DELETE_COMPLETE"
WITHOUT_TEMPLATE = "REVIEW_IN_PROGRESS"  # no change set was ever executed, so it has no resources either
KEPT_POLICIES = ("Retain", "RetainExceptOnCreate")
# CloudFormation User Guide, "DeletionPolicy attribute": the default is Snapshot for these, unless an instance is one of
# a cluster, and Delete for all others.
_SNAPSHOT_BY_DEFAULT = ("AWS::RDS::DBCluster", "AWS::RDS::DBInstance")


@dataclass(frozen=True, kw_only=True)
class DeployedResource:
    """A resource of a stack; `properties` are those of the template, with its intrinsic functions.

    `declares_policy` says whether the template has a deletion policy for it, as the CDK writes for what holds data.
    """

    logical_id: str
    physical_id: str
    type: str
    properties: Mapping[str, Any]
    deletion_policy: str
    declares_policy: bool

    @property
    def is_kept(self) -> bool:
        """Whether it stays when its stack is deleted."""
        return self.deletion_policy in KEPT_POLICIES


@dataclass(frozen=True, kw_only=True)
class DeployedStack:
    """A stack. `needs` are the names of the stacks whose outputs it reads."""

    name: str
    id: str
    status: str
    status_reason: str
    created: datetime
    is_protected: bool
    template: Mapping[str, Any]
    outputs: Mapping[str, str]
    resources: tuple[DeployedResource, ...]
    needs: frozenset[str]

    def of_type(self, *types: str) -> Iterator[DeployedResource]:
        """The resources of these types."""
        return (resource for resource in self.resources if resource.type in types)


def prefix(environment: DeployedEnvironment) -> str:
    """The prefix of the stacks' names, and the environment's name in the account: `<project>-<name>`."""
    return f"{environment.project}-{environment.name}"


def is_own_name(environment: DeployedEnvironment, name: str) -> bool:
    """Whether a physical name is the environment's: `<project>-<name>`, or that and eight digits of a stack's id."""
    return re.fullmatch(rf"{re.escape(prefix(environment))}(-[0-9a-f]{{8}})?", name) is not None


def belongs(environment: DeployedEnvironment, tags: Iterable[Any]) -> bool:
    """Whether these tags are those that every stack of the environment gives to its resources (stacks/base.py)."""
    found = {tag["Key"]: tag["Value"] for tag in tags}
    return found.get("Project") == environment.project and found.get("Environment") == environment.name


def find_stacks(environment: DeployedEnvironment) -> list[DeployedStack]:
    """All stacks of the environment, the oldest first.

    A name is not enough: `acme-dev-eu-network` could be a stack `eu-network` of dev, or a stack `network` of dev-eu. So
    the tags of its resources decide; the stacks themselves have none (cdk.json, explicitStackTags).
    """
    cloudformation = environment.session.client("cloudformation")
    named = [
        stack
        for page in cloudformation.get_paginator("describe_stacks").paginate()
        for stack in page["Stacks"]
        if stack["StackName"].startswith(f"{prefix(environment)}-") and stack["StackStatus"] != WITHOUT_TEMPLATE
    ]
    templates = {stack["StackName"]: _template(cloudformation, stack["StackName"]) for stack in named}
    described = [stack for stack in named if _is_tagged(environment, templates[stack["StackName"]])]
    exports = {
        export: stack["StackName"]
        for stack in described
        for output in stack.get("Outputs", [])
        if (export := output.get("ExportName"))
    }
    found = [
        DeployedStack(
            name=stack["StackName"],
            id=stack["StackId"],
            status=stack["StackStatus"],
            status_reason=stack.get("StackStatusReason", ""),
            created=stack["CreationTime"],
            is_protected=stack.get("EnableTerminationProtection", False),
            template=templates[stack["StackName"]],
            outputs={output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])},
            resources=tuple(_resources(cloudformation, stack["StackName"], templates[stack["StackName"]])),
            needs=frozenset(_read_stacks(templates[stack["StackName"]], exports)) - {stack["StackName"]},
        )
        for stack in described
    ]
    return sorted(found, key=lambda stack: stack.created)


def free_to_delete(stacks: Iterable[DeployedStack]) -> list[DeployedStack]:
    """Returns the stacks that no other stack in `stacks` needs, the newest first.

    If all stacks need each other, returns only the newest stack: the CDK deploys a stack after its dependencies, so a
    stack depends only on older stacks.
    """
    remaining = sorted(stacks, key=lambda stack: stack.created, reverse=True)
    needed = {name for stack in remaining for name in stack.needs}
    return [stack for stack in remaining if stack.name not in needed] or remaining[:1]


def _template(cloudformation: Any, stack: str) -> Mapping[str, Any]:
    body = cloudformation.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    return body if isinstance(body, Mapping) else {}  # text, if a stack was not made by the CDK: YAML


def _is_tagged(environment: DeployedEnvironment, template: Mapping[str, Any]) -> bool:
    tags = (resource.get("Properties", {}).get("Tags") for resource in template.get("Resources", {}).values())
    return any(isinstance(each, list) and belongs(environment, each) for each in tags)


def _resources(cloudformation: Any, stack: str, template: Mapping[str, Any]) -> Iterator[DeployedResource]:
    declared = template.get("Resources", {})
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
        for summary in page["StackResourceSummaries"]:
            if summary["ResourceStatus"] in (DELETED, "DELETE_SKIPPED") or not summary.get("PhysicalResourceId"):
                continue
            resource = declared.get(summary["LogicalResourceId"], {})
            properties = resource.get("Properties", {})
            snapshot = summary["ResourceType"] in _SNAPSHOT_BY_DEFAULT and "DBClusterIdentifier" not in properties
            yield DeployedResource(
                logical_id=summary["LogicalResourceId"],
                physical_id=summary["PhysicalResourceId"],
                type=summary["ResourceType"],
                properties=properties,
                deletion_policy=resource.get("DeletionPolicy", "Snapshot" if snapshot else "Delete"),
                declares_policy="DeletionPolicy" in resource,
            )


def _read_stacks(template: Mapping[str, Any], exports: Mapping[str, str]) -> Iterator[str]:
    """The names of the stacks whose outputs a template reads, by either of the two functions that can."""
    yield from _found(template, "Fn::GetStackOutput", lambda read: read.get("StackName"))
    yield from _found(template, "Fn::ImportValue", lambda read: exports.get(read) if isinstance(read, str) else None)


def _found(value: Any, function: str, stack_of: Callable[[Any], str | None]) -> Iterator[str]:
    if isinstance(value, Mapping):
        if function in value and isinstance(stack := stack_of(value[function]), str):
            yield stack
        for each in value.values():
            yield from _found(each, function, stack_of)
    elif isinstance(value, list):
        for each in value:
            yield from _found(each, function, stack_of)
