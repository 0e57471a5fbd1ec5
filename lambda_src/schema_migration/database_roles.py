"""Gives each database role the settings and rights of its file in `roles/`, and disables roles without a file.

A file holds the role's settings (ALTER ROLE ... SET) and its rights (GRANT), and nothing for other roles. {database}
stands for the database's name, and {datasets} for the tables of all datasets.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql

IAM_ROLE = "rds_iam"

_log = logging.getLogger(__name__)

# The word for each object type of pg_identify_object in GRANT and REVOKE.
_TYPES = {
    "table": "TABLE",
    "view": "TABLE",
    "materialized view": "TABLE",
    "foreign table": "TABLE",
    "sequence": "SEQUENCE",
    "function": "ROUTINE",
    "procedure": "ROUTINE",
    "aggregate": "ROUTINE",
    "schema": "SCHEMA",
    "database": "DATABASE",
    "type": "TYPE",
    "language": "LANGUAGE",
}
# A right on a column is a right on part (objsubid) of its table. Revoking the table's rights revokes it, too.
_RIGHTS = """
    SELECT DISTINCT type, identity
    FROM pg_shdepend
    JOIN pg_roles ON pg_roles.oid = refobjid AND refclassid = 'pg_authid'::regclass
    JOIN pg_database ON datname = current_database()
    CROSS JOIN pg_identify_object(classid, objid, 0)
    WHERE rolname = %s AND deptype = 'a'
      AND (dbid = pg_database.oid OR (classid = 'pg_database'::regclass AND objid = pg_database.oid))
    ORDER BY type, identity
"""
_MEMBERSHIPS = """
    SELECT granted.rolname FROM pg_auth_members
    JOIN pg_roles AS granted ON granted.oid = roleid
    JOIN pg_roles AS members ON members.oid = member
    WHERE members.rolname = %s
"""
_WITHOUT_FILE = """
    SELECT rolname FROM pg_roles
    WHERE shobj_description(oid, 'pg_authid') = %s AND rolcanlogin AND rolname <> ALL(%s)
    ORDER BY rolname
"""


class RoleError(RuntimeError):
    """A role has rights that can't be revoked."""


def apply(connection: psycopg.Connection, folder: Path, datasets: Sequence[str]) -> None:
    """Apply every file of the folder in one transaction, so that no session ever sees a role without its rights.

    A comment marks the roles that this database's migrations manage; other roles are never touched. Raises RoleError
    and psycopg's errors.
    """
    files = {file.stem: file.read_text() for file in sorted(folder.glob("*.sql"))}
    mark = f'Managed by the schema migration of the database "{connection.info.dbname}"'
    with connection.transaction():
        for role, statements in files.items():
            _ensure(connection, role, mark)
            _strip(connection, role)
            database, tables = (_listed(connection, names) for names in ([connection.info.dbname], datasets))
            connection.execute(statements.replace("{database}", database).replace("{datasets}", tables).encode())
        for (role,) in connection.execute(_WITHOUT_FILE, [mark, list(files)]).fetchall():
            _disable(connection, role)


def _listed(connection: psycopg.Connection, names: Sequence[str]) -> str:
    return sql.SQL(", ").join(map(sql.Identifier, names)).as_string(connection)


def _ensure(connection: psycopg.Connection, role: str, mark: str) -> None:
    """Roles belong to the whole server: one may exist already, for instance because only the database is new."""
    exists = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount
    name = sql.Identifier(role)
    connection.execute(sql.SQL("{} ROLE {} LOGIN").format(sql.SQL("ALTER" if exists else "CREATE"), name))
    connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(IAM_ROLE), name))
    connection.execute(sql.SQL("COMMENT ON ROLE {} IS {}").format(name, mark))


def _strip(connection: psycopg.Connection, role: str, *, keeps: str | None = IAM_ROLE) -> None:
    """Remove the role's settings, its rights in this database and its memberships, except the one in `keeps`."""
    name = sql.Identifier(role)
    connection.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(name))
    database = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("ALTER ROLE {} IN DATABASE {} RESET ALL").format(name, database))
    for type_, identity in connection.execute(_RIGHTS, [role]).fetchall():
        if type_ in _TYPES:
            statement = f"REVOKE ALL ON {_TYPES[type_]} {identity} FROM {name.as_string(connection)}"
            connection.execute(statement.encode())
    for (granted,) in connection.execute(_MEMBERSHIPS, [role]).fetchall():
        if granted != keeps:
            connection.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(granted), name))
    # If another role granted a right, PostgreSQL only warns that it was not revoked.
    left = [f"{type_} {identity}" for type_, identity in connection.execute(_RIGHTS, [role]).fetchall()]
    left += [row[0] for row in connection.execute(_MEMBERSHIPS, [role]).fetchall() if row[0] != keeps]
    if left:
        raise RoleError(f"the role {role} has rights that the migration can't revoke: {', '.join(left)}")


def _disable(connection: psycopg.Connection, role: str) -> None:
    _strip(connection, role, keeps=None)
    connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(role)))
    _log.warning("the role %s has no file any more: its rights and its login are removed", role)
