"""The connection to PostgreSQL: over verified TLS, with an IAM token for a password, kept while it is sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import botocore.session
import psycopg

from .settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient

_CONNECT_SECONDS = 10


class Database:
    """Gives the connection, a new one where the last is no longer sound: Lambda may have slept for hours."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: psycopg.Connection | None = None

    def connection(self) -> psycopg.Connection:
        """A connection in autocommit that answered just now; raises psycopg.OperationalError where there is none."""
        if self._connection is not None:
            try:
                self._connection.execute("SELECT 1")
                return self._connection
            except psycopg.Error:
                self._connection.close()
        self._connection = self._connect()
        return self._connection

    def _connect(self) -> psycopg.Connection:
        settings = self._settings
        return psycopg.connect(
            host=settings.database_host,
            port=settings.database_port,
            dbname=settings.database_name,
            user=settings.database_user,
            password=_token(settings),
            sslmode="verify-full",
            sslrootcert=settings.ca_bundle,
            application_name="operations",
            connect_timeout=_CONNECT_SECONDS,
            autocommit=True,
            prepare_threshold=None,  # prepared statements would pin a proxy's connection to this client
        )


def _token(settings: Settings) -> str:
    client = cast("RDSClient", botocore.session.get_session().create_client("rds", region_name=settings.region))
    return client.generate_db_auth_token(
        DBHostname=settings.database_host, Port=settings.database_port, DBUsername=settings.database_user
    )
