"""The HTTP server."""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp

# Longer than the load balancer's idle timeout (60 s), so that the load balancer never uses a connection that is closed.
KEEP_ALIVE_SECONDS = 75
SHUTDOWN_SECONDS = 20


def serve(app: ASGIApp, *, host: str, port: int) -> None:
    """Serve `app` until the process receives a signal to stop, then finish the requests in progress."""
    uvicorn.run(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,  # the load balancer writes an access log
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
