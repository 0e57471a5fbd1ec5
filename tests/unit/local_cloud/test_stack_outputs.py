"""The outputs of the deployed stacks."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from local_cloud.errors import LocalCloudError
from local_cloud.stack_outputs import changed_at, has_stack_of, select


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    queue_url: str


def test_an_output_fills_the_field_of_its_name() -> None:
    assert select(_Wanted, {"QueueUrl": "https://queue", "Other": "x"}) == _Wanted(queue_url="https://queue")


def test_a_missing_output_is_named() -> None:
    with pytest.raises(LocalCloudError, match="no stack has an output QueueUrl"):
        select(_Wanted, {"Other": "x"})


@pytest.mark.parametrize(("capability", "found"), [("reports", True), ("orders_api", True), ("api", False)])
def test_a_capability_has_the_stack_that_ends_with_its_name(capability: str, found: bool) -> None:
    assert has_stack_of(capability, ["acme-local-data", "acme-local-reports", "acme-local-ordersapi"]) is found


def test_a_stack_that_was_deleted_or_changed_is_noticed() -> None:
    cloudformation: Any = boto3.session.Session("key", "secret", region_name="us-east-1").client("cloudformation")
    created = {
        "StackName": "acme-data",
        "StackStatus": "CREATE_COMPLETE",
        "CreationTime": datetime(2026, 11, 20, tzinfo=UTC),
    }
    updated = {**created, "StackStatus": "UPDATE_COMPLETE", "LastUpdatedTime": datetime(2026, 11, 21, tzinfo=UTC)}
    found = []
    with Stubber(cloudformation) as stub:
        for stacks in ([created], [updated], []):
            stub.add_response("describe_stacks", {"Stacks": stacks})
            found.append(changed_at(cloudformation))
    assert found == [
        {"acme-data": "CREATE_COMPLETE 2026-11-20T00:00:00+00:00"},
        {"acme-data": "UPDATE_COMPLETE 2026-11-21T00:00:00+00:00"},
        {},
    ]
