"""Starts the emulator on loopback only: its API over TLS; what stays on this machine by nature over plain HTTP."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from . import patches
from .settings import EmulatorSettings, WebInstance
from .settings_of_process import use

LOOPBACK = "127.0.0.1"
_METADATA_PATHS = "/latest/"

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Any, Send], Awaitable[None]]


class Listeners:
    """Tells the emulator's four listeners apart."""

    def __init__(self, application: Application, settings: EmulatorSettings) -> None:
        self._application = application
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        port = (scope.get("server") or (None, None))[1]
        if scope["type"] != "http" or port == self._settings.api_port:
            await self._application(scope, receive, send)
        elif port == self._settings.metadata_port:
            await self._metadata(scope, receive, send)
        elif port == self._settings.upload_port:
            await self._uploads(scope, receive, send)
        else:
            await self._load_balancer(scope, receive, send)

    async def _metadata(self, scope: Scope, receive: Any, send: Send) -> None:
        if scope["path"].startswith(_METADATA_PATHS):
            await self._application(scope, receive, send)
        else:
            await _answer(send, 404, "only the instance metadata service answers here")

    async def _uploads(self, scope: Scope, receive: Any, send: Send) -> None:
        """Forms with a file, and what a browser asks before it sends one.

        To the bucket's policy they come over TLS: no browser would accept a certificate of our own authority.
        """
        if scope["method"] in ("OPTIONS", "POST"):
            await self._application({**scope, "scheme": "https"}, receive, send)
        else:
            await _answer(send, 404, "only uploads are taken here")

    async def _load_balancer(self, scope: Scope, receive: Any, send: Send) -> None:
        """Every path goes to the web page's load balancer, which the emulator knows by its host name."""
        instance = WebInstance.read(Path(self._settings.instance_file))
        if instance is None:
            await _answer(send, 503, "the web stack is not deployed yet")
            return
        host = f"{instance.load_balancer_name}.alb.localhost".encode()
        headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
        await self._application({**scope, "headers": [(b"host", host), *headers]}, receive, send)


async def _answer(send: Send, status: int, text: str) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})


def _no_vanished_clients(record: logging.LogRecord) -> bool:
    """Leave out a traceback for each client that went away without closing TLS."""
    return record.exc_info is None or "SSL shutdown timed out" not in str(record.exc_info[1])


def main() -> None:
    """Serve until a signal; the emulator's own `main` would listen on port 443 too."""
    settings = EmulatorSettings.take()
    use(settings)
    patches.apply(settings)
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))

    from ministack.app import app  # noqa: PLC0415 - reads its settings from the environment as it is imported

    logging.getLogger("asyncio").addFilter(_no_vanished_clients)
    config = Config()
    config.bind = [f"{LOOPBACK}:{settings.api_port}"]
    plain = (settings.metadata_port, settings.web_port, settings.upload_port)
    config.insecure_bind = [f"{LOOPBACK}:{port}" for port in plain]
    config.certfile, config.keyfile = settings.certificate, settings.certificate_key
    config.keep_alive_timeout = 75
    config.loglevel = "INFO"
    asyncio.run(serve(Listeners(app, settings), config))


if __name__ == "__main__":
    main()
