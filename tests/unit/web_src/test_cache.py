"""Concurrent callers share one load, and no caller gets an old value."""

from __future__ import annotations

import asyncio

import pytest

from web_src.cache import RefreshAheadCache

MAX_AGE = 1.0


class CountingLoader:
    """Counts loads; a load returns the `value` at the time it started."""

    def __init__(self) -> None:
        self.now = 100.0
        self.value = 0
        self.loads = 0
        self.most_concurrent = 0
        self._concurrent = 0
        self.error: Exception | None = None
        self.cache = RefreshAheadCache(self.load, max_age_seconds=MAX_AGE, clock=lambda: self.now)

    async def load(self) -> int:
        self.loads += 1
        self._concurrent += 1
        self.most_concurrent = max(self.most_concurrent, self._concurrent)
        loaded = self.value
        await asyncio.sleep(0.01)
        self._concurrent -= 1
        if self.error:
            raise self.error
        return loaded


def test_concurrent_callers_share_one_load() -> None:
    async def run() -> None:
        loader = CountingLoader()
        assert await asyncio.gather(*(loader.cache.get() for _ in range(50))) == [0] * 50
        assert loader.loads == 1

    asyncio.run(run())


def test_no_caller_gets_a_value_older_than_the_maximum_age() -> None:
    async def run() -> None:
        loader = CountingLoader()
        await loader.cache.get()
        loader.value = 1
        loader.now += MAX_AGE
        assert await loader.cache.get() == 1

    asyncio.run(run())


def test_under_steady_load_no_caller_waits_and_one_load_runs_at_a_time() -> None:
    async def run() -> None:
        loader = CountingLoader()
        await loader.cache.get()
        loader.value = 1
        loader.now += MAX_AGE * 0.4
        assert await loader.cache.get() == 0
        assert loader.loads == 1
        loader.now += MAX_AGE * 0.2
        assert await asyncio.gather(*(loader.cache.get() for _ in range(10))) == [0] * 10
        await asyncio.sleep(0.05)
        assert await loader.cache.get() == 1
        assert (loader.loads, loader.most_concurrent) == (2, 1)

    asyncio.run(run())


def test_an_error_reaches_all_waiting_callers_and_is_not_cached() -> None:
    async def run() -> None:
        loader = CountingLoader()
        loader.error = RuntimeError("unavailable")
        assert len(await asyncio.gather(*(loader.cache.get() for _ in range(3)), return_exceptions=True)) == 3
        with pytest.raises(RuntimeError, match="unavailable"):
            await loader.cache.get()
        loader.error = None
        assert await loader.cache.get() == 0

    asyncio.run(run())


def test_an_error_during_a_background_load_reaches_the_next_waiting_caller() -> None:
    async def run() -> None:
        loader = CountingLoader()
        await loader.cache.get()
        loader.error = RuntimeError("unavailable")
        loader.now += MAX_AGE * 0.6
        assert await loader.cache.get() == 0
        await asyncio.sleep(0.05)
        loader.now += MAX_AGE
        with pytest.raises(RuntimeError, match="unavailable"):
            await loader.cache.get()

    asyncio.run(run())


def test_a_cancelled_caller_does_not_cancel_the_load_for_others() -> None:
    async def run() -> None:
        loader = CountingLoader()
        cancelled, waiting = (asyncio.create_task(loader.cache.get()) for _ in range(2))
        await asyncio.sleep(0.005)
        cancelled.cancel()
        assert await waiting == 0

    asyncio.run(run())
