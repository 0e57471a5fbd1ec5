"""Until when work must be done: a function that stops by itself leaves its message to come back soon, not in hours."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

# What it takes to roll back, to shorten the message's wait, and to answer.
RESERVE_SECONDS = 10.0


class OutOfTimeError(Exception):
    """There is no time left for the rest of the work."""


class Deadline:
    """A moment `seconds` from now, less what stopping takes."""

    def __init__(self, seconds: float) -> None:
        # A short timeout keeps the larger part of itself for the work.
        self._end = time.monotonic() + seconds - min(RESERVE_SECONDS, seconds / 3)

    def milliseconds_left(self) -> int:
        """What is left; raises OutOfTimeError where nothing is."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise OutOfTimeError("the time for this file is over, and it is not loaded")
        return int(left * 1000) + 1

    def watch(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces, as long as there is time for them; raises OutOfTimeError."""
        for piece in pieces:
            self.milliseconds_left()
            yield piece
