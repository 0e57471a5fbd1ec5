"""A load generator: keeps a number of connections busy, each with one request at a time.

Written here because no load generator on PyPI both takes little CPU from the server it measures and reports exact
percentiles.
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

GRACE_SECONDS = 30.0  # longer than any response may take


@dataclass(frozen=True, kw_only=True)
class LoadResult:
    """Throughput, and the 99th percentile of the response times."""

    requests_per_second: float
    p99_ms: float


def send_requests(port: int, paths: Sequence[str], *, connections: int, seconds: float) -> LoadResult:
    """Request these paths in turn. Raises RuntimeError on a status other than 200, TimeoutError without a response."""
    return uvloop.run(_send_requests(port, paths, connections, seconds))


async def _send_requests(port: int, paths: Sequence[str], connections: int, seconds: float) -> LoadResult:
    requests = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() for path in paths]
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    end = started + seconds
    clients = [_Connection(requests[number % len(requests) :] + requests[: number % len(requests)], end, loop)
                for number in range(connections)]  # fmt: skip
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc] # bound early
    async with asyncio.timeout(seconds + GRACE_SECONDS):
        await asyncio.gather(*(client.done for client in clients))
    elapsed = time.perf_counter() - started
    seconds_each = [each for client in clients for each in client.seconds]
    return LoadResult(
        requests_per_second=len(seconds_each) / elapsed,
        p99_ms=statistics.quantiles(seconds_each, n=100)[-1] * 1000,
    )


class _Connection(asyncio.Protocol):
    """One connection. httptools defines the names of the parser's callbacks."""

    def __init__(self, requests: Sequence[bytes], end: float, loop: asyncio.AbstractEventLoop) -> None:
        self._requests = cycle(requests)
        self._end = end
        self.seconds: list[float] = []
        self.done: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpResponseParser(self)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"the connection was closed: {error}"))

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self.seconds.append(now - self._sent)
        if self._parser.get_status_code() != 200:
            self._finish(RuntimeError(f"the server answered {self._parser.get_status_code()}"))
        elif now >= self._end:
            self._finish(None)
        else:
            self._parser = httptools.HttpResponseParser(self)
            self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))

    def _finish(self, error: Exception | None) -> None:
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
        self._transport.close()
