"""Sends the archived events of a time span again, to the ingestion's rules only."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from ops.common.errors import CommandError
from ops.common.terminal import show, utc
from ops.ingestion.deployed import DeployedIngestion

# An event may take so long to reach the archive (Amazon EventBridge User Guide, "Archiving and replaying events").
ARCHIVE_DELAY = timedelta(minutes=10)
_RUNNING = ("STARTING", "RUNNING", "CANCELLING")


def run(ingestion: DeployedIngestion, *, start: str, end: str, poll_seconds: float = 5.0) -> int:
    """Replay from `start` to `end` (empty: now), wait until that is done, and return the exit code."""
    now = datetime.now(UTC)
    first = _time("FROM", start, "for example make replay FROM=2026-11-20T10:00Z TO=2026-11-20T12:00Z")
    last = _time("TO", end, "leave it out to replay until now") if end else now
    if first >= min(last, now):
        raise CommandError(f"FROM must be before TO and before now, got FROM={start} and TO={end or 'now'}")
    environment, events = ingestion.environment, ingestion.events
    if ingestion.archive_arn is None:
        raise CommandError(f"{environment.label} has no archive of events, so none can be replayed")
    archive = events.describe_archive(ArchiveName=ingestion.archive_arn.rpartition("/")[2])
    show(f"Replaying the events from {utc(first)} to {utc(last)} to the queue of {environment.label}.")
    show("Files that are already loaded do not change.")
    days = archive.get("RetentionDays", 0)
    if days and first < now - timedelta(days=days):
        show(f"The archive keeps events for {days} days. Older ones are not replayed.")
    if last > now - ARCHIVE_DELAY:
        show("An event takes up to ten minutes to reach the archive. The newest ones may not be replayed.")
    # The name of a replay must be unique in the account, and have at most 64 characters.
    name = f"{environment.name}-{now:%Y%m%dT%H%M%S%f}"
    events.start_replay(
        ReplayName=name,
        EventSourceArn=ingestion.archive_arn,
        EventStartTime=first,
        EventEndTime=last,
        Destination={"Arn": archive["EventSourceArn"], "FilterArns": ingestion.rule_arns},
    )
    show(f"Started the replay {name}.")
    return _wait(ingestion, name, poll_seconds)


def _wait(ingestion: DeployedIngestion, name: str, poll_seconds: float) -> int:
    shown = None
    while (replay := ingestion.events.describe_replay(ReplayName=name))["State"] in _RUNNING:
        reached = replay.get("EventLastReplayedTime")
        if reached is not None and reached != shown:
            show(f"  replayed up to {utc(reached)}")
            shown = reached
        time.sleep(poll_seconds)
    if replay["State"] != "COMPLETED":
        reason = replay.get("StateReason", "no reason given")
        raise CommandError(f"the replay {name} ended as {replay['State']} ({reason}): run it again")
    show("Replayed all events.")
    return 0


def _time(name: str, value: str, remedy: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise CommandError(f"{name} must be a date and time with a UTC offset, got {value!r}: {remedy}")
    return found
