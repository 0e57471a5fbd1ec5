"""Connections to PostgreSQL: over verified TLS, each with a fresh IAM token, checked before use and limited in age."""

from __future__ import annotations

import asyncio
from typing import Any

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from botocore.session import Session
from psycopg_pool import AsyncConnectionPool

from .settings import Settings

TOKEN_SECONDS = 900
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
        # Credentials of an instance are fetched now and then, which would hold up every other request.
        password = await asyncio.to_thread(_token, settings, session)
        return {
            "host": settings.database_host,
            "port": settings.database_port,
            "dbname": settings.database_name,
            "user": settings.database_user,
            "password": password,
            "sslmode": "verify-full",
            "sslrootcert": settings.ca_bundle,
            "application_name": "web",
            "connect_timeout": 5,
            "autocommit": True,
            "prepare_threshold": None,  # prepared statements would pin a proxy's connection to this client
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        }

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


def _token(settings: Settings, session: Session) -> str:
    # What an RDS client's generate_db_auth_token makes, without that client.
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    address = f"https://{settings.database_host}:{settings.database_port}/"
    request = AWSRequest("GET", address, params={"Action": "connect", "DBUser": settings.database_user})
    signer = SigV4QueryAuth(credentials.get_frozen_credentials(), "rds-db", settings.region, expires=TOKEN_SECONDS)
    signer.add_auth(request)
    return request.prepare().url.removeprefix("https://")
