"""Reads the events that S3 sends through EventBridge."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.event import EventError, EventType, FileEvent, parse


def body(**changes: Any) -> str:
    found: dict[str, Any] = {"key": "incoming/a+b é.csv", "version-id": "v1", "sequencer": "00AB", "size": 12}
    event: dict[str, Any] = {
        "detail-type": "Object Created",
        "time": "2026-11-20T10:00:00Z",
        "detail": {"bucket": {"name": "landing"}, "object": found},
    }
    for name, value in changes.items():
        target = found if name in ("key", "version-id", "sequencer", "size") else event
        target = event["detail"] if name == "deletion-type" else target
        target[name] = value
    return json.dumps(event)


def test_a_created_version_is_read_with_its_key_unchanged() -> None:
    assert parse(body()) == FileEvent(
        type=EventType.CREATED,
        bucket="landing",
        key="incoming/a+b é.csv",
        version_id="v1",
        sequencer="00AB",
        uploaded_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
        size_bytes=12,
    )


@pytest.mark.parametrize(
    ("deletion", "expected"),
    [
        ("Delete Marker Created", EventType.DELETE_MARKER_CREATED),
        ("Permanently Deleted", EventType.PERMANENTLY_DELETED),
    ],
)
def test_a_delete_marker_is_distinguished_from_a_permanent_deletion(deletion: str, expected: EventType) -> None:
    event = parse(body(**{"detail-type": "Object Deleted", "deletion-type": deletion}))
    assert event.type is expected
    assert event.size_bytes is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"detail-type": "Object Restored"}, "detail-type"),
        ({"detail-type": "Object Deleted"}, "deletion-type"),
        ({"version-id": None}, "is the bucket versioned?"),
        ({"sequencer": "xyz"}, "sequencer"),
        ({"size": "12"}, "size"),
        ({"key": "a\0b"}, "object.key"),
        ({"key": "a\udce9"}, "object.key"),
        ({"key": ""}, "object.key"),
        ({"time": "2026-11-20T10:00:00"}, "offset"),
        ({"time": "soon"}, "offset"),
        ({"detail": {}}, "not an S3 event"),
        ({"detail": None}, "not an S3 event"),
    ],
)
def test_a_message_that_is_not_such_an_event_is_refused_with_the_reason(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(EventError, match=words.replace("?", r"\?")):
        parse(body(**changes))


@given(st.one_of(st.text(), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps)))
def test_no_message_raises_any_other_error(text: str) -> None:
    with pytest.raises(EventError):
        parse(text)


@pytest.mark.parametrize("text", ["1" * 5_000, "[" * 200_000, '{"a":' * 200_000, '{"detail": 1e999}'])
def test_no_message_is_too_large_or_too_deep(text: str) -> None:
    with pytest.raises(EventError):
        parse(text)


def test_a_reprocessing_says_who_asked_for_it_when_and_why() -> None:
    def read(**request: Any) -> FileEvent:
        event = json.loads(body())
        event["detail"] |= {"reason": "Reprocess", **request}
        return parse(json.dumps(event))

    at = "2026-11-21T10:00:00.000+00:00"
    asked = read(request={"by": "arn:ada", "at": at, "why": "the limit was raised"})
    assert (asked.reprocess, asked.requested_by, asked.why) == (True, "arn:ada", "the limit was raised")
    assert asked.requested_at == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert read(request={"by": "arn:ada", "at": at}).why is None
    older_release = read()
    assert (older_release.reprocess, older_release.requested_by, older_release.requested_at) == (True, "unknown", None)
    wrongs: tuple[Any, ...] = (
        "x",
        [],
        {"by": "arn:ada"},
        {"by": 1, "at": at},
        {"by": "a", "at": 1},
        {"by": "a", "at": at, "why": 1},
    )
    for wrong in wrongs:
        with pytest.raises(EventError):
            read(request=wrong)
