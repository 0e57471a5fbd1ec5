"""The outputs of the deployed stacks."""

from dataclasses import dataclass

import pytest

from local_cloud.errors import LocalCloudError
from local_cloud.stack_outputs import has_stack_of, select


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
