"""The roles that RDS creates in PostgreSQL, so that code meets the same limits here: the master user is no superuser.

Runs in the project's interpreter (tests) and in the emulator's (deployments): standard library and psycopg only.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

SUPERUSER = "rdsadmin"  # RDS keeps it for itself; only the local cloud logs in as this user
MASTER_GROUP = "rds_superuser"
IAM_GROUP = "rds_iam"
_MONITORING_ROLES = ("pg_monitor", "pg_signal_backend", "pg_checkpoint")


def create_rds_groups(connection: psycopg.Connection) -> None:
    """Create the groups that every RDS instance has; needs the superuser's connection, in autocommit."""
    for group in (MASTER_GROUP, IAM_GROUP):
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(group)))
    for role in (*_MONITORING_ROLES, IAM_GROUP):
        connection.execute(
            sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(sql.Identifier(role), sql.Identifier(MASTER_GROUP))
        )


def create_master_user(superuser_url: str, *, username: str, password: str, database: str | None = None) -> None:
    """Create the master user, or update its password, and create its database if it is missing."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [username]).fetchone()
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD {}").format(
                sql.SQL("ALTER" if exists else "CREATE"), sql.Identifier(username), sql.Literal(password)
            )
        )
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(MASTER_GROUP), sql.Identifier(username)))
        if database is None:
            return
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(username))
            )


def drop_database(superuser_url: str, name: str) -> None:
    """Drop the database, also while clients are connected; one that doesn't exist is no error."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
