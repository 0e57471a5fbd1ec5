"""Connections to PostgreSQL over verified TLS, with an IAM token as the password."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import psycopg
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

from .settings import DatabaseSettings

TOKEN_SECONDS = 900  # Amazon RDS User Guide, "IAM database authentication": a token is valid for 15 minutes
# NUL and unpaired surrogates: JSON can express them, but PostgreSQL can't store them in text.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# The advisory lock that loads share. A load that ran into two deadlocks takes it exclusively, and so does an erasure.
LOAD_LOCK = 7_001_002


def connect(database: DatabaseSettings, *, user: str, session: Session) -> psycopg.Connection:
    """A new connection in autocommit mode; raises psycopg.OperationalError if the database can't be reached."""
    return psycopg.connect(**client_arguments(database, user=user, session=session))


def client_arguments(database: DatabaseSettings, *, user: str, session: Session) -> dict[str, Any]:
    """Arguments for psycopg's connect, with a new token. Fetching credentials may wait for the network."""
    password = iam_token(database, user=user, session=session)
    return parameters(database, user=user, password=password) | {
        "application_name": user,
        "autocommit": True,
        "prepare_threshold": None,  # prepared statements would pin a connection of RDS Proxy to this client
    }


def parameters(database: DatabaseSettings, *, user: str, password: str) -> dict[str, Any]:
    """Connection parameters of libpq: the server's certificate is verified, and a lost server is noticed.

    Keepalive finds within about 30 seconds that the server is gone, also while a COPY waits for it.
    """
    return {
        "host": database.host,
        "port": database.port,
        "dbname": database.name,
        "user": user,
        "password": password,
        "sslmode": "verify-full",
        "sslrootcert": database.ca_bundle,
        "connect_timeout": 10,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
    }


def iam_token(database: DatabaseSettings, *, user: str, session: Session) -> str:
    """Sign the token that generate_db_auth_token returns, without the time that creating an RDS client takes."""
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    address = f"https://{database.host}:{database.port}/"
    request = AWSRequest("GET", address, params={"Action": "connect", "DBUser": user})
    signer = SigV4QueryAuth(credentials.get_frozen_credentials(), "rds-db", database.region, expires=TOKEN_SECONDS)
    signer.add_auth(request)
    return request.prepare().url.removeprefix("https://")


class ReusableConnection:
    """Keeps a connection across invocations, and replaces it when it no longer works."""

    def __init__(self, database: DatabaseSettings, *, user: str, session: Session) -> None:
        self._connect = partial(connect, database, user=user, session=session)
        self.current: psycopg.Connection | None = None

    def get(self) -> psycopg.Connection:
        """A connection that has just answered; raises psycopg.OperationalError if the database can't be reached."""
        if self.current is not None:
            try:
                self.current.execute("SELECT 1")
                return self.current
            except psycopg.Error:
                self.close()
        self.current = self._connect()
        return self.current

    def close(self) -> None:
        """Close the connection; `get` then opens a new one."""
        if self.current is not None:
            self.current.close()
            self.current = None
