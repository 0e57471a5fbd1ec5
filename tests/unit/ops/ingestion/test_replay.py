"""A replay goes to our rule alone, and is followed to its end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import ANY

from ops.common.errors import OperationsError
from ops.ingestion import replay
from tests.unit.ops.conftest import ARCHIVE, RULE, Stubs

BUS = "arn:aws:events:eu-central-1:111122223333:event-bus/default"
FROM, TO = "2026-11-20T10:00Z", "2026-11-20T13:00+01:00"


def starts(aws: Stubs, *, days: int = 0) -> None:
    archive = {"EventSourceArn": BUS, "RetentionDays": days}
    aws.expect("events", "describe_archive", archive, {"ArchiveName": "shop-archive"})
    asked = {
        "ReplayName": ANY,
        "EventSourceArn": ARCHIVE,
        "EventStartTime": datetime(2026, 11, 20, 10, tzinfo=UTC),
        "EventEndTime": datetime.fromisoformat(TO),
        "Destination": {"Arn": BUS, "FilterArns": [RULE]},
    }
    aws.expect("events", "start_replay", {"State": "STARTING"}, asked)


def tells(aws: Stubs, state: str, **more: Any) -> None:
    aws.expect("events", "describe_replay", {"State": state, **more})


def test_the_time_span_is_replayed_to_our_rule_alone_and_followed(
    aws: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    starts(aws)
    tells(aws, "STARTING")
    tells(aws, "RUNNING", EventLastReplayedTime=datetime(2026, 11, 20, 10, 30, tzinfo=UTC))
    tells(aws, "COMPLETED")
    assert replay.run(aws.deployment(), start=FROM, end=TO, poll_seconds=0) == 0
    shown = capsys.readouterr().out
    assert "from 2026-11-20 10:00:00 UTC to 2026-11-20 12:00:00 UTC" in shown
    assert "replayed up to 2026-11-20 10:30:00 UTC" in shown
    assert "All of them were sent." in shown


def test_a_replay_that_fails_says_why(aws: Stubs) -> None:
    starts(aws)
    tells(aws, "FAILED", StateReason="no permission")
    with pytest.raises(OperationsError, match=r"ended as FAILED \(no permission\)"):
        replay.run(aws.deployment(), start=FROM, end=TO, poll_seconds=0)


def test_what_the_archive_no_longer_keeps_is_said(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    old = "2020-01-01T00:00Z"
    aws.expect("events", "describe_archive", {"EventSourceArn": BUS, "RetentionDays": 30})
    aws.expect("events", "start_replay", {"State": "STARTING"})
    tells(aws, "COMPLETED")
    replay.run(aws.deployment(), start=old, end="", poll_seconds=0)
    shown = capsys.readouterr().out
    assert "The archive keeps 30 days" in shown
    assert "up to ten minutes" in shown


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("yesterday", "", "FROM must be a date and time with its offset, got 'yesterday'"),
        ("2026-11-20T10:00", "", "FROM must be .* offset"),
        (FROM, "2026-11-20", "TO must be .* offset"),
        (FROM, FROM, "FROM must be before TO"),
        ("2999-01-01T00:00Z", "", "before now"),
    ],
)
def test_times_that_make_no_span_are_refused(aws: Stubs, start: str, end: str, words: str) -> None:
    with pytest.raises(OperationsError, match=words):
        replay.run(aws.deployment(), start=start, end=end)


def test_a_deployment_without_an_archive_says_what_to_do_instead(aws: Stubs) -> None:
    with pytest.raises(OperationsError, match="make reconcile"):
        replay.run(aws.deployment(archive_arn=None), start=FROM, end=TO)
