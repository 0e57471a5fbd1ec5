"""The connections of the measured programs that use psycopg."""

from __future__ import annotations

import os
from typing import Any

import psycopg

from bench.clients.job import Job


def connect(sslmode: str, /, **arguments: Any) -> psycopg.Connection:
    """psycopg.connect, with this sslmode instead of the one in the arguments."""
    return psycopg.Connection.connect(**arguments | {"sslmode": sslmode})


def connection_for(job: Job) -> psycopg.Connection:
    """A connection like that of the ingestion function."""
    return connect(
        job.sslmode,
        host=os.environ["DATABASE_HOST"],
        port=os.environ["DATABASE_PORT"],
        dbname=os.environ["DATABASE_NAME"],
        user=os.environ["DATABASE_USER"],
        sslrootcert=os.environ["DATABASE_CA_BUNDLE"],
    )
