"""One answer for all who ask at about the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Makes one answer at a time, and gives it to everyone who asks within `seconds` of when it was begun.

    In the second half of that time whoever asks has the next one begun, too, and does not wait for it. So however many
    ask, the database is asked a few times a second; while they keep coming nobody waits for it; and nobody gets what
    is older than `seconds`. One who asks alone gets what there is at that moment.
    """

    def __init__(
        self, make: Callable[[], Awaitable[T]], *, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._make = make
        self._seconds = seconds
        self._clock = clock
        self._last: tuple[float, T] | None = None
        self._making: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """The answer; raises what making it raises."""
        if self._last is not None:
            begun, answer = self._last
            age = self._clock() - begun
            if age < self._seconds:
                if age > self._seconds / 2:
                    self._begin()
                return answer
        # One who gives up must not end it for the others.
        return await asyncio.shield(self._begin())

    def _begin(self) -> asyncio.Task[T]:
        if self._making is None:
            self._making = asyncio.create_task(self._renew())
            self._making.add_done_callback(_note_error)
        return self._making

    async def _renew(self) -> T:
        begun = self._clock()
        try:
            answer = await self._make()
            self._last = (begun, answer)
            return answer
        finally:
            self._making = None


def _note_error(task: asyncio.Task[T]) -> None:
    # Where nobody waits for it, the error is that of the next one who does.
    if not task.cancelled():
        task.exception()
