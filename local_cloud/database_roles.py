"""The roles that RDS gives a PostgreSQL, so that what runs here meets the same limits: its master user is no superuser.

Runs in the project's interpreter (tests) and in the emulator's (deployments): standard library and psycopg only.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

SUPERUSER = "rdsadmin"  # what RDS keeps for itself; nothing but the local cloud logs in as it
MASTER_GROUP = "rds_superuser"
IAM_GROUP = "rds_iam"
_MONITORING_ROLES = ("pg_monitor", "pg_signal_backend", "pg_checkpoint")


def create_rds_groups(connection: psycopg.Connection) -> None:
    """Make the groups that every RDS instance has, once, on a connection of the superuser in autocommit."""
    for group in (MASTER_GROUP, IAM_GROUP):
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(group)))
    for role in (*_MONITORING_ROLES, IAM_GROUP):
        connection.execute(
            sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(sql.Identifier(role), sql.Identifier(MASTER_GROUP))
        )


def create_master_user(superuser_url: str, *, username: str, password: str, database: str | None = None) -> None:
    """Make (or update the password of) what RDS calls the master user, and its database; safe to repeat."""
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
