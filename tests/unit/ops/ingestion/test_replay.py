"""`make replay` replays events to the ingestion's rule only, and waits until that is done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import ANY

from ops.common.errors import CommandError
from ops.ingestion import replay
from tests.support.ops.stubs import ARCHIVE, RULE, Stubs

BUS = "arn:aws:events:eu-central-1:111122223333:event-bus/default"
FROM, TO = "2026-11-20T10:00Z", "2026-11-20T13:00+01:00"


def starts(aws: Stubs, *, days: int = 0) -> None:
    archive = {"EventSourceArn": BUS, "RetentionDays": days}
    aws.expect("events", "describe_archive", archive, {"ArchiveName": "archive"})
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


def test_the_time_span_is_replayed_to_the_ingestions_rule_only(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    starts(aws)
    tells(aws, "STARTING")
    tells(aws, "RUNNING", EventLastReplayedTime=datetime(2026, 11, 20, 10, 30, tzinfo=UTC))
    tells(aws, "COMPLETED")
    assert replay.run(aws.ingestion(), start=FROM, end=TO, poll_seconds=0) == 0
    shown = capsys.readouterr().out
    assert "from 2026-11-20 10:00:00 UTC to 2026-11-20 12:00:00 UTC" in shown
    assert "replayed up to 2026-11-20 10:30:00 UTC" in shown
    assert "Replayed all events." in shown


def test_a_failed_replay_is_an_error_with_its_reason(aws: Stubs) -> None:
    starts(aws)
    tells(aws, "FAILED", StateReason="no permission")
    with pytest.raises(CommandError, match=r"ended as FAILED \(no permission\)"):
        replay.run(aws.ingestion(), start=FROM, end=TO, poll_seconds=0)


def test_events_that_the_archive_may_not_have_are_mentioned(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    old = "2020-01-01T00:00Z"
    aws.expect("events", "describe_archive", {"EventSourceArn": BUS, "RetentionDays": 30})
    aws.expect("events", "start_replay", {"State": "STARTING"})
    tells(aws, "COMPLETED")
    replay.run(aws.ingestion(), start=old, end="", poll_seconds=0)
    shown = capsys.readouterr().out
    assert "The archive keeps events for 30 days" in shown
    assert "up to ten minutes" in shown


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("yesterday", "", "FROM must be a date and time with a UTC offset, got 'yesterday'"),
        ("2026-11-20T10:00", "", "FROM must be .* offset"),
        (FROM, "2026-11-20", "TO must be .* offset"),
        (FROM, FROM, "FROM must be before TO"),
        ("2999-01-01T00:00Z", "", "before now"),
    ],
)
def test_an_invalid_time_span_is_refused(aws: Stubs, start: str, end: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        replay.run(aws.ingestion(), start=start, end=end)


def test_without_an_archive_nothing_is_replayed(aws: Stubs) -> None:
    with pytest.raises(CommandError, match="dev in eu-central-1 has no archive of events"):
        replay.run(aws.ingestion(archive_arn=None), start=FROM, end=TO)
