"""How every measured program that uses psycopg connects."""

from __future__ import annotations

import os
from typing import Any

import psycopg

from bench.clients.job import Job


def connect(sslmode: str, /, **arguments: Any) -> psycopg.Connection:
    """psycopg.connect, with TLS or without it whatever the arguments say."""
    return psycopg.Connection.connect(**arguments | {"sslmode": sslmode})


def connection_for(job: Job) -> psycopg.Connection:
    """The same kind of connection as the function's own."""
    return connect(
        job.sslmode,
        host=os.environ["DATABASE_HOST"],
        port=os.environ["DATABASE_PORT"],
        dbname=os.environ["DATABASE_NAME"],
        user=os.environ["DATABASE_USER"],
        sslrootcert=os.environ["DATABASE_CA_BUNDLE"],
    )
