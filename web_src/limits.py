"""Limits of requests: how large they are, how long they take to arrive, and how many there are at once."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from . import errors

MAX_BODY_BYTES = 64 * 1024  # files go to S3 directly, so the largest body is the name of a file
# Twice what the load balancer accepts from a client (User Guide for Application Load Balancers, "Quotas"), because it
# adds headers of its own, such as the user's token.
MAX_HEADER_BYTES = 128 * 1024
# So much of a refused request is read and dropped. A client that is still sending would not see the answer if the
# connection ended at once.
MAX_REQUEST_BYTES = 1024 * 1024
REQUEST_SECONDS = 20.0  # for headers and body together
# Longer than the load balancer's idle timeout (60 s), so that the load balancer never uses a connection that is closed.
KEEP_ALIVE_SECONDS = 75
MAX_CONNECTIONS = 800  # less than 1,024, the number of files that systemd lets a service open


class LimitedConnection(HttpToolsProtocol):
    """A connection that ends if a request is too large or takes too long to arrive.

    uvicorn has no settings for this: `timeout_keep_alive` counts between requests only, and
    `h11_max_incomplete_event_size` belongs to the slower parser h11. httptools collects headers without limit. Sizes
    are checked after each read from the socket, so a request may exceed them by one read (256 KiB).
    """

    _timer: asyncio.TimerHandle | None = None
    _receiving = False
    _in_headers = False
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in the base class
        """Start the time for the first request."""
        super().connection_made(transport)
        self._close_after(REQUEST_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to the current request."""
        super().data_received(data)
        if self._receiving:
            self._received += len(data)
            if self._received > (MAX_HEADER_BYTES if self._in_headers else MAX_REQUEST_BYTES):
                self._end(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if self._in_headers else None)

    def on_message_begin(self) -> None:
        """Start the time and the count of a request."""
        super().on_message_begin()
        self._receiving = self._in_headers = True
        self._received = 0
        self._close_after(REQUEST_SECONDS)

    def on_headers_complete(self) -> None:
        """Go on to the body."""
        self._in_headers = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the time. The response may take longer."""
        super().on_message_complete()
        self._receiving = False
        self._stop_timer()
        if self.cycle.response_complete:  # uvicorn waits for the next request only if the response ends last
            self._close_after(KEEP_ALIVE_SECONDS)

    def _close_after(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self._end, HTTPStatus.REQUEST_TIMEOUT)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self, status: HTTPStatus | None) -> None:
        """Close the connection. Answer with `status` if the current request has no response yet."""
        if self._in_headers:
            unanswered = self.cycle is None or self.cycle.response_complete
        else:
            unanswered = self._receiving and not self.cycle.response_started
        if status and unanswered and not self.transport.is_closing():
            start = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            self.transport.write(f"{start}content-length: 0\r\nconnection: close\r\n\r\n".encode())
        self.transport.close()


class BodyLimit:
    """Reads the body of a request before it calls the app, and refuses a body that is too large.

    The time is limited by the connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, more = bytearray(), True
        too_large = int(Headers(scope=scope).get("content-length", "0")) > MAX_BODY_BYTES
        while more and not too_large:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            too_large = len(body) > MAX_BODY_BYTES
        if too_large:
            await errors.error_response(Request(scope), 413)(scope, receive, send)
            return
        read = False

        async def receive_read() -> Message:
            nonlocal read
            if read:
                return await receive()  # tells a stream that the client is gone
            read = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, receive_read, send)
