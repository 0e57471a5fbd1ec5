"""Additional listeners of the emulator (ASGI 3): plain HTTP, each for one purpose, and closed to other web sites.

A browser sends requests of any web site to loopback ports too. So a request must name this machine as its Host (a site
can point its own name at 127.0.0.1), must come from a page of this machine if it comes from a page, and must have one
of the methods that the purpose needs.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Any, Send], Awaitable[None]]

_OWN_HOST = re.compile(rb"(?:localhost|127\.0\.0\.1)(?::\d{1,5})?", re.IGNORECASE)
_OWN_ORIGIN = re.compile(rb"http://" + _OWN_HOST.pattern, re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Listener:
    """Answers the requests that come in on a port of a capability's service."""

    methods: frozenset[str]
    handle: Callable[[Application, Scope, Any, Send], Awaitable[None]]

    async def __call__(self, application: Application, scope: Scope, receive: Any, send: Send) -> None:
        """Answer one request, or refuse it."""
        hosts, origins = _values(scope, b"host"), _values(scope, b"origin")
        if len(hosts) != 1 or not _OWN_HOST.fullmatch(hosts[0]):
            await answer(send, 403, "this port answers to the host names localhost and 127.0.0.1 only")
        elif not all(_OWN_ORIGIN.fullmatch(origin) for origin in origins):
            await answer(send, 403, "this port answers to pages of this machine only")
        elif scope["method"] not in self.methods:
            await answer(send, 405, f"this port takes {', '.join(sorted(self.methods))} only")
        else:
            await self.handle(application, scope, receive, send)


def _values(scope: Scope, name: bytes) -> list[bytes]:
    return [value for header, value in scope["headers"] if header.lower() == name]


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers as the emulator's handlers expect them: names in lower case, repeated ones joined."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        separator = "; " if name == "cookie" else ", "
        headers[name] = f"{headers[name]}{separator}{value}" if name in headers else value
    return headers


async def body_of(receive: Any) -> bytes | None:
    """The whole body of a request, or None if the client disconnects first."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


async def answer(send: Send, status: int, text: str) -> None:
    """Answer with one line of text."""
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})
