"""Starts the web app: `python -m web_src`."""

from __future__ import annotations

import os
import sys

import botocore.session
import uvicorn

from .app import create_app
from .database import connection_pool
from .settings import Settings, SettingsError
from .uploads import Uploads

# Longer than the load balancer keeps idle connections (60 s), so that it never sends into one just closed.
KEEP_ALIVE_SECONDS = 75
SHUTDOWN_SECONDS = 20


def main() -> None:
    """Serve until told to stop."""
    try:
        settings = Settings.from_env(os.environ)
    except SettingsError as error:
        sys.exit(f"web: {error}")
    session = botocore.session.get_session()
    app = create_app(settings, connection_pool(settings, session), Uploads(settings, session))
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        access_log=False,  # the load balancer keeps one
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    main()
