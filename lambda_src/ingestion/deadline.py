"""The time by which work must end. A function that stops itself can make its message visible again soon."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

# Enough to roll back, to change the message's visibility timeout and to return.
RESERVE_SECONDS = 10.0


class OutOfTimeError(Exception):
    """There is no time left for the rest of the work."""


class Deadline:
    """A point in time `seconds` from now, less the time that stopping takes."""

    def __init__(self, seconds: float) -> None:
        # With a short timeout, two thirds of it are left for the work.
        self._end = time.monotonic() + seconds - min(RESERVE_SECONDS, seconds / 3)

    def milliseconds_left(self) -> int:
        """The time that is left; raises OutOfTimeError when there is none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise OutOfTimeError("the function's time is over before the file was loaded")
        return int(left * 1000) + 1

    def watch(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces; raises OutOfTimeError when there is no time for the next one."""
        for piece in pieces:
            self.milliseconds_left()
            yield piece
