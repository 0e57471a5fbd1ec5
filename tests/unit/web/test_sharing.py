"""Who asks together is answered together, and never with something older than the question."""

from __future__ import annotations

import asyncio

import pytest

from web_src.sharing import Shared


class Counter:
    """Counts how often it was asked; the answer is what was written when the work began."""

    def __init__(self) -> None:
        self.written = 0
        self.made = 0
        self.at_once = 0
        self._busy = 0
        self.error: Exception | None = None

    async def make(self) -> int:
        self.made += 1
        self._busy += 1
        self.at_once = max(self.at_once, self._busy)
        seen = self.written
        await asyncio.sleep(0.01)
        self._busy -= 1
        if self.error:
            raise self.error
        return seen


def test_those_who_ask_at_once_share_one_answer() -> None:
    async def ask() -> None:
        counter = Counter()
        shared = Shared(counter.make)
        assert await asyncio.gather(*(shared.get() for _ in range(50))) == [0] * 50
        assert counter.made == 1

    asyncio.run(ask())


def test_nobody_gets_an_answer_that_was_begun_before_they_asked() -> None:
    async def ask() -> None:
        counter = Counter()
        shared = Shared(counter.make)
        first = asyncio.create_task(shared.get())
        await asyncio.sleep(0.005)
        counter.written = 1
        later = [asyncio.create_task(shared.get()) for _ in range(10)]
        assert await first == 0
        assert await asyncio.gather(*later) == [1] * 10
        assert (counter.made, counter.at_once) == (2, 1)

    asyncio.run(ask())


def test_an_error_reaches_all_who_wait_and_nobody_after_them() -> None:
    async def ask() -> None:
        counter = Counter()
        shared = Shared(counter.make)
        counter.error = RuntimeError("away")
        assert len(await asyncio.gather(*(shared.get() for _ in range(3)), return_exceptions=True)) == 3
        with pytest.raises(RuntimeError, match="away"):
            await shared.get()
        counter.error = None
        assert await shared.get() == 0

    asyncio.run(ask())


def test_one_who_gives_up_does_not_end_it_for_the_others() -> None:
    async def ask() -> None:
        shared = Shared(Counter().make)
        impatient, patient = (asyncio.create_task(shared.get()) for _ in range(2))
        await asyncio.sleep(0.005)
        impatient.cancel()
        assert await patient == 0

    asyncio.run(ask())
