"""Reads S3's events about files, as EventBridge delivers them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from common.database import UNSTORABLE
from common.times import exact_time

REPROCESS = "Reprocess"  # a reason that S3 itself never gives
_SEQUENCER = re.compile(r"[0-9A-Fa-f]{1,64}")


class EventError(ValueError):
    """The message is not an event of this bucket. Retrying can't help."""


class EventType(Enum):
    """The change of a version of a file, with the name that S3 uses."""

    CREATED = "Object Created"
    DELETE_MARKER_CREATED = "Delete Marker Created"  # a version of its own, which hides the others
    PERMANENTLY_DELETED = "Permanently Deleted"  # the version itself is deleted


@dataclass(frozen=True, kw_only=True)
class FileEvent:
    """One version of one file, and what happened to it.

    `reprocess` means that the version is loaded even if the ledger knows it: `make reprocess` sends such events. They
    say who asked for it, when, and perhaps why.
    """

    type: EventType
    bucket: str
    key: str
    version_id: str
    sequencer: str | None
    uploaded_at: datetime
    size_bytes: int | None
    reprocess: bool = False
    requested_by: str = "unknown"
    requested_at: datetime | None = None
    why: str | None = None


def parse(body: str) -> FileEvent:
    """Read the body of a message; raises EventError that says what is wrong with it."""
    try:
        event: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EventError(f"not JSON: {error}") from error
    try:
        detail = event["detail"]
        found = detail["object"]
        type_ = _type(event["detail-type"], detail)
        reprocess = type_ is EventType.CREATED and detail.get("reason") == REPROCESS
        return FileEvent(
            type=type_,
            bucket=_text(detail["bucket"]["name"], "bucket.name"),
            key=_text(found["key"], "object.key"),
            version_id=_text(found.get("version-id"), "object.version-id (is the bucket versioned?)"),
            sequencer=_sequencer(found.get("sequencer")),
            uploaded_at=_time(event["time"]),
            size_bytes=_size(found.get("size")) if type_ is EventType.CREATED else None,
            reprocess=reprocess,
            **(_request(detail.get("request")) if reprocess else {}),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise EventError(f"not an S3 event as EventBridge delivers it: {type(error).__name__} {error}") from error


def _type(detail_type: str, detail: dict[str, Any]) -> EventType:
    if detail_type == "Object Created":
        return EventType.CREATED
    if detail_type != "Object Deleted":
        raise EventError(f"detail-type must be 'Object Created' or 'Object Deleted', got {detail_type!r}")
    deletion = detail.get("deletion-type")
    if deletion == "Delete Marker Created":
        return EventType.DELETE_MARKER_CREATED
    if deletion == "Permanently Deleted":
        return EventType.PERMANENTLY_DELETED
    raise EventError(f"detail.deletion-type must be 'Delete Marker Created' or 'Permanently Deleted', got {deletion!r}")


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value or UNSTORABLE.search(value):
        raise EventError(
            f"detail.{name} must be text that is not empty and has no NUL or unpaired surrogate, got {value!r}"
        )
    return value


def _request(value: Any) -> dict[str, Any]:
    """Who asked for the reprocessing. Messages of an older release don't say it."""
    if value is None:
        return {}
    why = value.get("why")
    return {
        "requested_by": _text(value["by"], "request.by"),
        "requested_at": _time(value["at"]),
        "why": None if why is None else _text(why, "request.why"),
    }


def _sequencer(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _SEQUENCER.fullmatch(value):
        raise EventError(f"detail.object.sequencer must be a hexadecimal number of 1 to 64 digits, got {value!r}")
    return value


def _size(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise EventError(f"detail.object.size must be a whole number of bytes, 0 or more, got {value!r}")
    return value


def _time(value: object) -> datetime:
    time = exact_time(value)
    if time is None:
        raise EventError(f"time must be a date and time with its offset from UTC, got {value!r}")
    return time
