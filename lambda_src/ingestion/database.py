"""The connection to PostgreSQL: over verified TLS, with an IAM token for a password, kept while it is sound."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

from .deadline import Deadline
from .settings import Settings

TOKEN_SECONDS = 900
_CONNECT_SECONDS = 10
# At the deadline a server that still answers ends the statement itself; one that doesn't is left after this.
_GRACE_SECONDS = 1.0
# A peer that vanished without a word is noticed within about half a minute, also while a COPY waits for it.
_KEEPALIVE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class Database:
    """Gives the connection, a new one where the last is no longer sound."""

    def __init__(self, settings: Settings, session: Session) -> None:
        self._settings = settings
        self._session = session
        self._connection: psycopg.Connection | None = None

    @contextmanager
    def connection(self, deadline: Deadline) -> Iterator[psycopg.Connection]:
        """A connection in autocommit that answered just now; it ends a moment after the deadline, whoever waits for it.

        Raises psycopg.OperationalError where there is none, OutOfTimeError where the deadline is over. After any
        failure the next one is fresh.
        """
        timer = threading.Timer(deadline.milliseconds_left() / 1000 + _GRACE_SECONDS, self._break_off)
        timer.start()
        try:
            yield self._sound()
        except BaseException:
            self.discard()
            raise
        finally:
            timer.cancel()

    def _sound(self) -> psycopg.Connection:
        if self._connection is not None:
            try:
                self._connection.execute("SELECT 1")
                return self._connection
            except psycopg.Error:
                self.discard()
        self._connection = self._connect()
        return self._connection

    def _break_off(self) -> None:
        """End the socket, so that whoever waits for a server that fell silent sees a broken connection.

        Nothing else ends that wait in time: `statement_timeout` is the server's, and keepalive finds no fault as long
        as the other end's kernel answers. This runs on another thread, which may do no more to a connection than that.
        """
        connection = self._connection
        if connection is not None:
            with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as link:
                link.shutdown(socket.SHUT_RDWR)

    def discard(self) -> None:
        """Close the connection: whatever state it is in, the next one is fresh."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> psycopg.Connection:
        settings = self._settings
        return psycopg.connect(
            host=settings.database_host,
            port=settings.database_port,
            dbname=settings.database_name,
            user=settings.database_user,
            password=_token(settings, self._session),
            sslmode="verify-full",
            sslrootcert=settings.ca_bundle,
            application_name="ingestion",
            connect_timeout=_CONNECT_SECONDS,
            autocommit=True,
            prepare_threshold=None,  # prepared statements would pin a proxy's connection to this client
            **_KEEPALIVE,
        )


def _token(settings: Settings, session: Session) -> str:
    # What an RDS client's generate_db_auth_token makes, without the time it takes to create that client.
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    address = f"https://{settings.database_host}:{settings.database_port}/"
    request = AWSRequest("GET", address, params={"Action": "connect", "DBUser": settings.database_user})
    signer = SigV4QueryAuth(credentials.get_frozen_credentials(), "rds-db", settings.region, expires=TOKEN_SECONDS)
    signer.add_auth(request)
    return request.prepare().url.removeprefix("https://")
