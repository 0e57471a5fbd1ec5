"""The part of Lambda's context object that the functions use."""

from __future__ import annotations

from typing import Protocol


class Context(Protocol):
    """The second argument that Lambda passes to a handler, after the event."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the function."""
