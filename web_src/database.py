"""Connections to PostgreSQL: over verified TLS, each with a fresh IAM token, checked before use and limited in age."""

from __future__ import annotations

import asyncio
from typing import Any

from botocore.session import Session
from psycopg_pool import AsyncConnectionPool

from common.database import client_arguments

from .settings import Settings

MAX_CONNECTIONS = 8
MAX_AGE_SECONDS = 600
WAIT_SECONDS = 3.0  # for a free connection: then the page says that the database is away
# With more than these waiting, the last would only wait to be told so.
MAX_WAITING = 400
# After this the pool gives up a connection that fails; the next request makes it try again at once.
_RETRY_SECONDS = 2.0


def connection_pool(settings: Settings, session: Session) -> AsyncConnectionPool:
    """A pool that is not opened yet: it opens within the server's loop, whether the database is there or not."""

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
