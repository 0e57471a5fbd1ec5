"""Starts the emulator on loopback only: its API over TLS, and the capabilities' own listeners over plain HTTP.

`local_cloud/<capability>/emulator.py` defines `LISTENERS`, handlers by the name of their port, and `patch()`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
from collections.abc import Mapping
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from local_cloud.discovery import capability_modules

from . import patches
from .keeper import Keeper
from .listener import Application, Listener, Scope, Send, answer
from .settings import settings

LOOPBACK = "127.0.0.1"
_POLICY_VIOLATION = 1008  # the code with which a WebSocket is refused
_HEALTH_PAGES = ("/health",)
# What the supervisor asks, and where custom resources and wait conditions answer, with a secret token in the path.
_NEEDED = ("/_ministack/health", "/_ministack/cfn-response/", "/_ministack/cfn-signal/")


def _dispatch(application: Application, by_port: Mapping[int, Listener]) -> Application:
    """Passes each request to the listener of the port that it came in on; the API's port has none."""

    async def dispatch(scope: Scope, receive: Any, send: Send) -> None:
        port = (scope.get("server") or (None, None))[1]
        listener = by_port.get(port) if port is not None else None
        if listener is not None and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        elif listener is not None:
            await listener(application, scope, receive, send)
        elif scope["type"] == "http" and _is_administrative(scope["path"]):
            await answer(send, 404, "the local cloud does not offer the emulator's administration")
        else:
            await application(scope, receive, send)

    return dispatch


def _is_administrative(path: str) -> bool:
    """Whether the emulator answers this path to anyone, without a signature, though it is no API of AWS."""
    own = path in _HEALTH_PAGES or path.startswith(("/_ministack", "/_localstack"))
    return own and not path.startswith(_NEEDED)


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

    from ministack import app as emulator  # noqa: PLC0415 - reads its settings from the environment as it is imported

    logging.getLogger("asyncio").addFilter(_is_worth_logging)
    config = Config()
    config.bind = [f"{LOOPBACK}:{own.api_port}"]
    config.insecure_bind = [f"{LOOPBACK}:{port}" for port in by_port]
    config.certfile, config.keyfile = own.certificate, own.certificate_key
    config.keep_alive_timeout = 75
    config.loglevel = "INFO"
    asyncio.run(_serve(_dispatch(emulator.app, by_port), Keeper(emulator), config))


async def _serve(application: Application, keeper: Keeper, config: Config) -> None:
    async def answer_and_notice(scope: Scope, receive: Any, send: Send) -> None:
        try:
            await application(scope, receive, send)
        finally:
            if scope["type"] != "lifespan":
                keeper.notice()

    def end() -> None:
        keeper.save()
        os._exit(0)  # an orderly end would wait for open connections and threads, up to half a minute

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    await asyncio.gather(keeper.run(), serve(answer_and_notice, config, shutdown_trigger=asyncio.Event().wait))


if __name__ == "__main__":
    main()
