"""Who asks together is answered together, and never with something old."""

from __future__ import annotations

import asyncio

import pytest

from web_src.sharing import Shared

SECONDS = 1.0


class Counter:
    """Counts how often it was asked; the answer is what was written when the work began."""

    def __init__(self) -> None:
        self.now = 100.0
        self.written = 0
        self.made = 0
        self.at_once = 0
        self._busy = 0
        self.error: Exception | None = None
        self.shared = Shared(self.make, seconds=SECONDS, clock=lambda: self.now)

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
        assert await asyncio.gather(*(counter.shared.get() for _ in range(50))) == [0] * 50
        assert counter.made == 1

    asyncio.run(ask())


def test_nobody_gets_what_is_older_than_agreed() -> None:
    async def ask() -> None:
        counter = Counter()
        await counter.shared.get()
        counter.written = 1
        counter.now += SECONDS
        assert await counter.shared.get() == 1

    asyncio.run(ask())


def test_while_people_keep_coming_nobody_waits_and_one_answer_is_made_at_a_time() -> None:
    async def ask() -> None:
        counter = Counter()
        await counter.shared.get()
        counter.written = 1
        counter.now += SECONDS * 0.4
        assert await counter.shared.get() == 0
        assert counter.made == 1
        counter.now += SECONDS * 0.2
        assert await asyncio.gather(*(counter.shared.get() for _ in range(10))) == [0] * 10
        await asyncio.sleep(0.05)
        assert await counter.shared.get() == 1
        assert (counter.made, counter.at_once) == (2, 1)

    asyncio.run(ask())


def test_an_error_reaches_all_who_wait_and_nobody_after_them() -> None:
    async def ask() -> None:
        counter = Counter()
        counter.error = RuntimeError("away")
        assert len(await asyncio.gather(*(counter.shared.get() for _ in range(3)), return_exceptions=True)) == 3
        with pytest.raises(RuntimeError, match="away"):
            await counter.shared.get()
        counter.error = None
        assert await counter.shared.get() == 0

    asyncio.run(ask())


def test_an_error_while_nobody_waits_is_told_to_the_next_who_does() -> None:
    async def ask() -> None:
        counter = Counter()
        await counter.shared.get()
        counter.error = RuntimeError("away")
        counter.now += SECONDS * 0.6
        assert await counter.shared.get() == 0
        await asyncio.sleep(0.05)
        counter.now += SECONDS
        with pytest.raises(RuntimeError, match="away"):
            await counter.shared.get()

    asyncio.run(ask())


def test_one_who_gives_up_does_not_end_it_for_the_others() -> None:
    async def ask() -> None:
        counter = Counter()
        impatient, patient = (asyncio.create_task(counter.shared.get()) for _ in range(2))
        await asyncio.sleep(0.005)
        impatient.cancel()
        assert await patient == 0

    asyncio.run(ask())
