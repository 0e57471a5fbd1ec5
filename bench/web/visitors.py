"""Visitors of a web site: so many connections, each asking for the next page as soon as it has the last.

Written here because no generator of load on PyPI is both light enough to leave the processor to what it measures and
exact about the slowest answers.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import cast

import httptools
import uvloop

PATIENCE_SECONDS = 30.0  # longer than any page may take


@dataclass(frozen=True, kw_only=True)
class Visit:
    """How many pages came in a second, and how long all but the slowest one in a hundred took, in milliseconds."""

    pages_per_second: float
    p99_ms: float


def visit(port: int, paths: Sequence[str], *, connections: int, seconds: float) -> Visit:
    """Ask for these pages in turn; raises RuntimeError for an answer that is no 200, TimeoutError for none."""
    return uvloop.run(_visit(port, paths, connections, seconds))


async def _visit(port: int, paths: Sequence[str], connections: int, seconds: float) -> Visit:
    requests = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() for path in paths]
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    end = started + seconds
    visitors = [_Visitor(requests[number % len(requests) :] + requests[: number % len(requests)], end, loop)
                for number in range(connections)]  # fmt: skip
    for visitor in visitors:
        await loop.create_connection(lambda visitor=visitor: visitor, "127.0.0.1", port)  # type: ignore[misc] # bound early
    async with asyncio.timeout(seconds + PATIENCE_SECONDS):
        await asyncio.gather(*(visitor.done for visitor in visitors))
    took = time.perf_counter() - started
    seconds_each = [each for visitor in visitors for each in visitor.seconds]
    return Visit(
        pages_per_second=len(seconds_each) / took,
        p99_ms=statistics.quantiles(seconds_each, n=100)[-1] * 1000,
    )


class _Visitor(asyncio.Protocol):
    """One connection; the names of the callbacks are httptools'."""

    def __init__(self, requests: Sequence[bytes], end: float, loop: asyncio.AbstractEventLoop) -> None:
        self._requests = cycle(requests)
        self._end = end
        self.seconds: list[float] = []
        self.done: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpResponseParser(self)
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"the connection was closed: {error}"))

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self.seconds.append(now - self._asked)
        if self._parser.get_status_code() != 200:
            self._end_with(RuntimeError(f"an answer was {self._parser.get_status_code()}"))
        elif now >= self._end:
            self._end_with(None)
        else:
            self._parser = httptools.HttpResponseParser(self)
            self._ask()

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        self._transport.write(next(self._requests))

    def _end_with(self, error: Exception | None) -> None:
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
        self._transport.close()
