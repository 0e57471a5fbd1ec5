"""The connection pool: each connection has verified TLS and a new IAM token, and is checked before each use."""

from __future__ import annotations

import asyncio
from typing import Any

from botocore.session import Session
from psycopg_pool import AsyncConnectionPool

from common.database import client_arguments

from .settings import Settings

MAX_CONNECTIONS = 8
MAX_AGE_SECONDS = 600
WAIT_SECONDS = 3.0  # a request waits this long for a connection, and then fails with status 503
MAX_WAITING = 400  # requests beyond these would not get a connection in time, so they fail at once
# For so long the pool retries a failed connection by itself; after that, the next request triggers a new attempt.
_RETRY_SECONDS = 2.0


def connection_pool(settings: Settings, session: Session) -> AsyncConnectionPool:
    """A closed pool. The app opens it in the server's event loop, without waiting for the database."""

    async def arguments() -> dict[str, Any]:
        # In a thread: fetching an instance's credentials would block every other request.
        found = await asyncio.to_thread(
            client_arguments, settings.database, user=settings.database_user, session=session
        )
        return found | {"connect_timeout": 5, "tcp_user_timeout": 10_000}

    return AsyncConnectionPool(
        kwargs=arguments,
        min_size=1,
        max_size=MAX_CONNECTIONS,
        timeout=WAIT_SECONDS,
        max_waiting=MAX_WAITING,
        max_lifetime=MAX_AGE_SECONDS,
        reconnect_timeout=_RETRY_SECONDS,
        check=AsyncConnectionPool.check_connection,
        open=False,
        name="web",
    )
