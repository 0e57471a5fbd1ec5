"""One answer for all who ask at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Makes one answer at a time, and gives it to everyone who asked before it was begun.

    Unlike a cache, nobody gets an answer that was begun before they asked: what was written before a request is in its
    answer. However many ask, the database is asked once at a time.
    """

    def __init__(self, make: Callable[[], Awaitable[T]]) -> None:
        self._make = make
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """The answer that is begun next; raises what making it raises."""
        if self._next is None:
            self._next = asyncio.create_task(self._begin())
        # One who gives up must not end it for the others.
        return await asyncio.shield(self._next)

    async def _begin(self) -> T:
        async with self._turn:
            self._next = None  # from here on it is too late to join
            return await self._make()
