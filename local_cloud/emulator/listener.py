"""The types of an additional listener of the emulator (ASGI 3), and a plain-text answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Any, Send], Awaitable[None]]
Listener = Callable[[Application, Scope, Any, Send], Awaitable[None]]


async def answer(send: Send, status: int, text: str) -> None:
    """Answer with one line of text."""
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})
