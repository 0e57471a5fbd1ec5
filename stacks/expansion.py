"""Keeps what a deployment removes, until the stacks that use it are updated.

A stack is updated, and cleaned up, before the stacks that read its outputs. What they still use can't be deleted then,
and CloudFormation leaves it behind. So `make deploy` first creates what is new and keeps the rest (`-c kept=<file>`),
and removes that once every stack is updated.
"""

from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnOutput, CfnResource, Stack, Token
from constructs import Construct

ATTRIBUTES = (
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "UpdatePolicy",
    "UpdateReplacePolicy",
)


def keep(scope: Construct, templates: Mapping[str, Mapping[str, Any]]) -> None:
    """Adds these resources and outputs to the stacks of those names, as the templates have them."""
    for stack in scope.node.find_all():
        if isinstance(stack, Stack):
            template = templates.get(stack.stack_name, {})
            for id_, resource in template.get("Resources", {}).items():
                _keep_resource(stack, id_, resource)
            for id_, output in template.get("Outputs", {}).items():
                kept = CfnOutput(stack, f"Kept{id_}", value=Token.as_string(output["Value"]))
                kept.override_logical_id(id_)


def _keep_resource(stack: Stack, id_: str, resource: Mapping[str, Any]) -> None:
    kept = CfnResource(stack, f"Kept{id_}", type=resource["Type"])
    kept.override_logical_id(id_)
    for name in ("Properties", *ATTRIBUTES):
        if name in resource:
            # As raw JSON: the keys of properties would otherwise be converted.
            kept.add_override(name, resource[name])
