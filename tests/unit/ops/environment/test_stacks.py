"""The stacks of an environment are found by their tags, and none is deleted before those that need it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ops.environment.stacks import DeployedStack, find_stacks, free_to_delete, is_own_name
from tests.support.ops.environment import PROJECT, deployed_stack, stacks_are_deployed, tags
from tests.support.ops.stubs import AT, Stubs


def finds(aws: Stubs, templates: dict[str, Any]) -> list[DeployedStack]:
    """Deploys stacks with these names and templates, and returns the stacks that `find_stacks` finds."""
    stacks_are_deployed(aws, templates)
    return find_stacks(aws.environment())


def test_a_stack_of_another_environment_with_a_similar_name_is_not_found(aws: Stubs) -> None:
    mine = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Tags": tags("dev")}}}
    others = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Tags": tags("dev-eu")}}}
    found = finds(aws, {"dev-network": {"Resources": mine}, "dev-eu-network": {"Resources": others}})
    assert [stack.name for stack in found] == [f"{PROJECT}-dev-network"]


def test_a_resource_is_deleted_with_its_stack_unless_its_policy_keeps_it(aws: Stubs) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"Tags": tags("dev")}}
    resources = {
        "Gone": bucket,
        "Kept": bucket | {"DeletionPolicy": "RetainExceptOnCreate"},
        "Database": {"Type": "AWS::RDS::DBInstance", "Properties": {}},
        "Member": {"Type": "AWS::RDS::DBInstance", "Properties": {"DBClusterIdentifier": "x"}},
    }
    (stack,) = finds(aws, {"dev-data": {"Resources": resources}})
    policies = {resource.logical_id: resource.deletion_policy for resource in stack.resources}
    assert policies == {
        "Gone": "Delete", "Kept": "RetainExceptOnCreate", "Database": "Snapshot", "Member": "Delete"
    }  # fmt: skip
    assert [resource.logical_id for resource in stack.resources if resource.is_kept] == ["Kept"]


@pytest.mark.parametrize(
    ("name", "is_own"), [("", True), ("-0a1b2c3d", True), ("-eu", False), ("2", False), ("-eu-0a1b2c3d", False)]
)
def test_a_name_is_the_environments_own_with_or_without_a_stacks_id(aws: Stubs, name: str, is_own: bool) -> None:
    assert is_own_name(aws.environment(), f"{PROJECT}-dev{name}") is is_own


@pytest.mark.parametrize(
    "read",
    [
        {"Fn::GetStackOutput": {"StackName": f"{PROJECT}-dev-foundation", "OutputName": "Key"}},
        {"Fn::ImportValue": "the key"},
    ],
)
def test_a_stack_needs_those_whose_outputs_it_reads(aws: Stubs, read: dict[str, Any]) -> None:
    queue = {
        "Type": "AWS::SQS::Queue",
        "Properties": {"Tags": tags("dev"), "KmsMasterKeyId": {"Fn::Join": ["", [read]]}},
    }
    key = {"Type": "AWS::KMS::Key", "Properties": {"Tags": tags("dev")}}
    foundation, pipeline = finds(
        aws,
        {
            "dev-foundation": {"Resources": {"Key": key}, "Outputs": {"Key": "the key"}},
            "dev-pipeline": {"Resources": {"Queue": queue}},
        },
    )
    assert pipeline.needs == {foundation.name}
    assert foundation.needs == frozenset()


def test_what_no_other_stack_needs_is_deleted_first_and_together() -> None:
    foundation = deployed_stack("foundation")
    data = deployed_stack("data", created=AT + timedelta(hours=1), needs={"foundation"})
    pages = deployed_stack("pages", created=AT + timedelta(hours=2), needs={"foundation", "data"})
    nightly = deployed_stack("nightly", created=AT + timedelta(hours=3), needs={"data"})
    order, remaining = [], [foundation, data, pages, nightly]
    while remaining:
        together = free_to_delete(remaining)
        order.append([stack.name for stack in together])
        remaining = [stack for stack in remaining if stack not in together]
    assert order == [["nightly", "pages"], ["data"], ["foundation"]]


def test_of_stacks_that_need_each_other_the_newest_is_deleted_first() -> None:
    older = deployed_stack("older", needs={"newer"})
    newer = deployed_stack("newer", created=AT + timedelta(hours=1), needs={"older"})
    assert free_to_delete([older, newer]) == [newer]
