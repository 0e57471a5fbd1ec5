"""The outputs of the deployed stacks."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from local_cloud.errors import LocalCloudError
from local_cloud.stack_outputs import all_exist, has_stack_of, select


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


@pytest.mark.parametrize(("existing", "exist"), [(["acme-data", "acme-pages", "other"], True), (["acme-pages"], False)])
def test_a_stack_that_was_deleted_is_noticed(tmp_path: Path, existing: list[str], exist: bool) -> None:
    artifacts = {
        name: {"type": "aws:cloudformation:stack", "properties": {"stackName": name}}
        for name in ("acme-data", "acme-pages")
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    cloudformation: Any = boto3.session.Session("key", "secret", region_name="us-east-1").client("cloudformation")
    with Stubber(cloudformation) as stub:
        described = [
            {"StackName": name, "StackStatus": "CREATE_COMPLETE", "CreationTime": "2026-11-20T10:00:00Z"}
            for name in existing
        ]
        stub.add_response("describe_stacks", {"Stacks": described})
        assert all_exist(cloudformation, tmp_path) is exist
