"""The HTTP server."""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp

from .limits import KEEP_ALIVE_SECONDS, MAX_CONNECTIONS, LimitedConnection

SHUTDOWN_SECONDS = 20


def serve(app: ASGIApp, *, host: str, port: int) -> None:
    """Serve `app` until the process receives a signal to stop, then finish the requests in progress."""
    uvicorn.run(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=LimitedConnection,
        limit_concurrency=MAX_CONNECTIONS,  # status 503 beyond
        log_config=None,  # see logs.py
        access_log=False,  # the load balancer writes an access log
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
