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
from .settings import settings

LOOPBACK = "127.0.0.1"


def _dispatch(application: Application, by_port: Mapping[int, Listener]) -> Application:
    """Passes each request to the listener of the port that it came in on; the API's port has none."""

    async def dispatch(scope: Scope, receive: Any, send: Send) -> None:
        port = (scope.get("server") or (None, None))[1]
        listener = by_port.get(port) if scope["type"] == "http" and port is not None else None
        if listener is None:
            await application(scope, receive, send)
        else:
            await listener(application, scope, receive, send)

    return dispatch


def _is_worth_logging(record: logging.LogRecord) -> bool:
    """False for the traceback that a client causes when it disconnects without closing TLS."""
    return record.exc_info is None or "SSL shutdown timed out" not in str(record.exc_info[1])


def main() -> None:
    """Serve until a signal. The emulator's own `main` is not used because it would also listen on port 443."""
    own = settings()
    patches.apply()
    by_port: dict[int, Listener] = {}
    for extension in capability_modules("emulator").values():
        extension.patch()
        by_port |= {own.service_ports[name]: listener for name, listener in extension.LISTENERS.items()}
    _, file_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (file_limit, file_limit))

    from ministack.app import app  # noqa: PLC0415 - reads its settings from the environment as it is imported

    logging.getLogger("asyncio").addFilter(_is_worth_logging)
    config = Config()
    config.bind = [f"{LOOPBACK}:{own.api_port}"]
    config.insecure_bind = [f"{LOOPBACK}:{port}" for port in by_port]
    config.certfile, config.keyfile = own.certificate, own.certificate_key
    config.keep_alive_timeout = 75
    config.loglevel = "INFO"
    asyncio.run(serve(_dispatch(app, by_port), config))


if __name__ == "__main__":
    main()
