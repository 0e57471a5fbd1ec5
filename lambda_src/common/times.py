"""Reads times of events and requests."""

from __future__ import annotations

from datetime import datetime


def exact_time(value: object) -> datetime | None:
    """The date and time of a text in ISO 8601; None if the value is no such text, or has no offset from UTC."""
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time if time.tzinfo else None
