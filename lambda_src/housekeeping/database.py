"""The connection to PostgreSQL: over verified TLS, with an IAM token for a password."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import botocore.session
import psycopg

from .settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient

_CONNECT_SECONDS = 10


def connect(settings: Settings) -> psycopg.Connection:
    """A new connection in autocommit, for one run; raises psycopg.OperationalError where there is none."""
    client = cast("RDSClient", botocore.session.get_session().create_client("rds", region_name=settings.region))
    token = client.generate_db_auth_token(
        DBHostname=settings.database_host, Port=settings.database_port, DBUsername=settings.database_user
    )
    return psycopg.connect(
        host=settings.database_host,
        port=settings.database_port,
        dbname=settings.database_name,
        user=settings.database_user,
        password=token,
        sslmode="verify-full",
        sslrootcert=settings.ca_bundle,
        application_name="housekeeping",
        connect_timeout=_CONNECT_SECONDS,
        autocommit=True,
        prepare_threshold=None,  # prepared statements would pin a proxy's connection to this client
    )
