"""Starts the emulator on loopback only: its API over TLS, and the capabilities' own listeners over plain HTTP.

`local_cloud/<capability>/emulator.py` defines `LISTENERS`, handlers by the name of their port, and `patch()`.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Mapping
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from local_cloud.discovery import capability_modules

from . import patches
from .listener import Application, Listener, Scope, Send
from .settings import EmulatorSettings
from .settings_of_process import use

LOOPBACK = "127.0.0.1"


class Listeners:
    """Passes each request to the handler of the port that it came in on; the API's port has none."""

    def __init__(self, application: Application, by_port: Mapping[int, Listener]) -> None:
        self._application = application
        self._by_port = by_port

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        port = (scope.get("server") or (None, None))[1]
        listener = self._by_port.get(port) if scope["type"] == "http" and port is not None else None
        if listener is None:
            await self._application(scope, receive, send)
        else:
            await listener(self._application, scope, receive, send)


def _is_no_vanished_client(record: logging.LogRecord) -> bool:
    """Drops the traceback that each client causes which disconnects without closing TLS."""
    return record.exc_info is None or "SSL shutdown timed out" not in str(record.exc_info[1])


def main() -> None:
    """Serve until a signal; the emulator's own `main` would listen on port 443 too."""
    settings = EmulatorSettings.take()
    use(settings)
    patches.apply(settings)
    by_port: dict[int, Listener] = {}
    for extension in capability_modules("emulator").values():
        extension.patch()
        by_port |= {settings.service_ports[name]: listener for name, listener in extension.LISTENERS.items()}
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))

    from ministack.app import app  # noqa: PLC0415 - reads its settings from the environment as it is imported

    logging.getLogger("asyncio").addFilter(_is_no_vanished_client)
    config = Config()
    config.bind = [f"{LOOPBACK}:{settings.api_port}"]
    config.insecure_bind = [f"{LOOPBACK}:{port}" for port in by_port]
    config.certfile, config.keyfile = settings.certificate, settings.certificate_key
    config.keep_alive_timeout = 75
    config.loglevel = "INFO"
    asyncio.run(serve(Listeners(app, by_port), config))


if __name__ == "__main__":
    main()
