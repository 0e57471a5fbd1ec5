"""Caches one value that many requests need at the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class RefreshAheadCache(Generic[T]):
    """Loads one value at a time, and returns it to every caller within `max_age_seconds` of the start of the load.

    A call in the second half of that time also starts the next load, without waiting for it. So the number of loads
    does not grow with the number of callers, callers don't wait while requests keep coming, and no caller gets a
    value older than `max_age_seconds`. After a longer pause a caller waits for a new value.
    """

    def __init__(
        self, load: Callable[[], Awaitable[T]], *, max_age_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._max_age_seconds = max_age_seconds
        self._clock = clock
        self._cached: tuple[float, T] | None = None
        self._loading: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """The value; raises what loading it raises."""
        if self._cached is not None:
            started, value = self._cached
            age = self._clock() - started
            if age < self._max_age_seconds:
                if age > self._max_age_seconds / 2:
                    self._start_load()
                return value
        # A caller that is cancelled must not cancel the load for the others.
        return await asyncio.shield(self._start_load())

    def _start_load(self) -> asyncio.Task[T]:
        if self._loading is None:
            self._loading = asyncio.create_task(self._refresh())
            self._loading.add_done_callback(_retrieve_error)
        return self._loading

    async def _refresh(self) -> T:
        started = self._clock()
        try:
            value = await self._load()
            self._cached = (started, value)
            return value
        finally:
            self._loading = None


def _retrieve_error(task: asyncio.Task[T]) -> None:
    # asyncio logs errors that nobody retrieves. When no caller waits, the next load will report the same error.
    if not task.cancelled():
        task.exception()
