"""HEAD requests for every address that supports GET."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Answers HEAD with the status and headers of GET. FastAPI's routes support only the methods that they declare."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        ended = False

        async def without_body(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await send(message)
            elif not ended:
                ended = True
                # At the first part of the body. The server then reports a disconnect, which ends a download.
                await send({"type": "http.response.body", "body": b""})
            else:
                await asyncio.sleep(0)  # lets the download notice that, even if it never waits for anything

        await self._app({**scope, "method": "GET"}, receive, without_body)
