"""The HTTP server."""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp

# Longer than the load balancer keeps idle connections (60 s), so that it never sends into one just closed.
KEEP_ALIVE_SECONDS = 75
SHUTDOWN_SECONDS = 20


def serve(app: ASGIApp, *, host: str, port: int) -> None:
    """Serve `app` until told to stop; what is under way then is finished first."""
    uvicorn.run(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,  # the load balancer keeps one
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
