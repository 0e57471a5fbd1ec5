"""Sends the events of a time span again, from EventBridge's archive, to our rule only."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from ops.common.deployment import Deployment
from ops.common.errors import OperationsError

# Amazon EventBridge User Guide, "Archiving and replaying events": an event may take so long to reach the archive.
ARCHIVING = timedelta(minutes=10)
_UNDER_WAY = ("STARTING", "RUNNING", "CANCELLING")


def run(deployment: Deployment, *, start: str, end: str, poll_seconds: float = 5.0) -> int:
    """Replay from `start` to `end` (empty: now), follow it to its end, and return the exit code."""
    now = datetime.now(UTC)
    first = _time("FROM", start, "make replay FROM=2026-11-20T10:00Z TO=2026-11-20T12:00Z")
    last = _time("TO", end, "leave it out to mean now") if end else now
    if first >= min(last, now):
        raise OperationsError(f"FROM must be before TO and before now, got FROM={start} and TO={end or 'now'}")
    if deployment.archive_arn is None:
        raise OperationsError(f"{deployment.place} keeps no archive of events: `make reconcile` finds what was missed")
    events = deployment.events
    archive = events.describe_archive(ArchiveName=deployment.archive_arn.rpartition("/")[2])
    print(f"Sends the events from {_shown(first)} to {_shown(last)} again, to the queue of {deployment.place} only.")
    print("Files that were loaded already stay as they are.")
    days = archive.get("RetentionDays", 0)
    if days and first < now - timedelta(days=days):
        print(f"The archive keeps {days} days: what is older is not in it.")
    if last > now - ARCHIVING:
        print("The newest events take up to ten minutes to reach the archive, and may be left out.")
    # A replay's name is unique in the account, and of 64 characters at most.
    name = f"{deployment.name}-{now:%Y%m%dT%H%M%S%f}"
    events.start_replay(
        ReplayName=name,
        EventSourceArn=deployment.archive_arn,
        EventStartTime=first,
        EventEndTime=last,
        Destination={"Arn": archive["EventSourceArn"], "FilterArns": [deployment.rule_arn]},
    )
    print(f"Replay {name} was started.", flush=True)
    return _follow(deployment, name, poll_seconds)


def _follow(deployment: Deployment, name: str, poll_seconds: float) -> int:
    shown = None
    while (replay := deployment.events.describe_replay(ReplayName=name))["State"] in _UNDER_WAY:
        reached = replay.get("EventLastReplayedTime")
        if reached is not None and reached != shown:
            print(f"  replayed up to {_shown(reached)}", flush=True)
            shown = reached
        time.sleep(poll_seconds)
    if replay["State"] != "COMPLETED":
        reason = replay.get("StateReason", "no reason given")
        raise OperationsError(f"the replay {name} ended as {replay['State']} ({reason}): run it again")
    print("All of them were sent. `make inspect KEY=` shows what became of a file.")
    return 0


def _time(name: str, value: str, mend: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise OperationsError(f"{name} must be a date and time with its offset, got {value!r}: {mend}")
    return found


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
