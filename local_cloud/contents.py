"""What a local cloud holds, in words: for the person who stops it, looks at it or deletes it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from .postgres import data_folder
from .state import StateFolder

_METADATA = ".meta.json"  # the end of the name of a file that describes an object
_TABLES = """
    SELECT relname FROM pg_class JOIN pg_namespace AS schema ON schema.oid = relnamespace
    WHERE nspname = 'public' AND relkind = 'r' AND relname <> 'alembic_version' ORDER BY relname
"""


def described(state: StateFolder) -> list[str]:
    """A line for each kind of data on disk; empty if there is none."""
    lines = []
    database = data_folder(state.root)
    if database is not None:
        size = sum(path.stat().st_size for path in _files(database))
        lines.append(f"the database, {size / 2**20:,.0f} MB in {database}")
    for bucket in sorted(state.objects.glob("[0-9]*/*")):
        objects = [path for path in _files(bucket) if not path.name.endswith(_METADATA)]
        if objects:
            lines.append(f"{len(objects)} {'object' if len(objects) == 1 else 'objects'} in the bucket {bucket.name}")
    stacks = _stacks(state)
    if stacks:
        lines.append(f"{len(stacks)} stacks, with their queues, logs and secrets: {', '.join(stacks)}")
    return lines


def rows(database_url: str) -> dict[str, int]:
    """The number of rows of each table."""
    with psycopg.connect(database_url, connect_timeout=5) as connection:
        tables = [name for (name,) in connection.execute(_TABLES)]
        return {name: _count(connection, name) for name in tables}


def _count(connection: psycopg.Connection, table: str) -> int:
    found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    return int(found[0]) if found else 0


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder that a server may be changing."""
    for at, _, names in os.walk(folder):
        yield from (path for path in (Path(at, name) for name in names) if path.exists())


def _stacks(state: StateFolder) -> list[str]:
    try:
        return sorted(json.loads(state.deployed.read_text(encoding="utf-8")).get("stacks", {}))
    except FileNotFoundError:
        return []
