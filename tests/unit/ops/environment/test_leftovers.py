"""What CloudFormation failed to delete is found in the events of its stacks."""

from datetime import UTC, datetime, timedelta

from ops.environment.leftovers import left_behind
from tests.support.ops.stubs import Stubs

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_only_failures_since_the_start_are_named(aws: Stubs) -> None:
    def event(minutes: int, status: str, id_: str) -> dict[str, object]:
        return {
            "StackId": "arn",
            "EventId": id_,
            "StackName": "data",
            "LogicalResourceId": id_,
            "PhysicalResourceId": f"{id_}-1",
            "Timestamp": START + timedelta(minutes=minutes),
            "ResourceStatus": status,
            "ResourceStatusReason": "in use",
        }

    events = [event(2, "DELETE_FAILED", "New"), event(1, "DELETE_COMPLETE", "Gone"), event(-1, "DELETE_FAILED", "Old")]
    aws.expect("cloudformation", "describe_stack_events", {"StackEvents": events})
    assert list(left_behind(aws.environment(), ["data"], START)) == ["data/New (New-1): in use"]
