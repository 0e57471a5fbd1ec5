"""Reads tables from PostgreSQL's catalog: those that the migrations made, and those that the declarations ask for.

PostgreSQL creates both, so types and conditions are written in the same form and can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import psycopg

from tabular.declaration import RESERVED_NAMES, Dataset

from .tables import GENERATED_CHECK, table_statements

_SCRATCH = "declared"
_COLUMNS = """
    SELECT relname::text, attname::text, format_type(atttypid, atttypmod),
           CASE WHEN attcollation <> typcollation THEN collname::text END,
           attnotnull, coalesce(col_description(attrelid, attnum), '')
    FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    JOIN pg_type ON pg_type.oid = atttypid
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    ORDER BY relname, attnum
"""
_CONSTRAINTS = """
    SELECT relname::text, contype::text, conname::text, convalidated, pg_get_expr(conbin, conrelid),
           ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
                 JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place)
    FROM pg_constraint
    JOIN pg_class ON pg_class.oid = conrelid
    WHERE relnamespace = %s::regnamespace AND contype IN ('p', 'c')
    ORDER BY relname, conname
"""
# An index is counted for its first column, unless its creation was interrupted.
_INDEXES = """
    SELECT relname::text, attname::text, indexrelid::regclass::text
    FROM pg_index
    JOIN pg_class ON pg_class.oid = indrelid
    JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
    WHERE relnamespace = %s::regnamespace AND indisvalid AND indpred IS NULL
"""
_COMMENTS = """
    SELECT relname::text, coalesce(obj_description(oid, 'pg_class'), '')
    FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'
"""


@dataclass(frozen=True, kw_only=True)
class StoredColumn:
    """A column; the collation is None if it is the default of the type."""

    type: str
    collation: str | None
    required: bool
    comment: str


@dataclass(frozen=True, kw_only=True)
class StoredCheck:
    """A check constraint that follows from the declaration of one column."""

    column: str
    condition: str
    validated: bool


@dataclass(kw_only=True)
class StoredTable:
    """A table. `checks` are the generated ones by name; `indexes` are names of indexes by their first column."""

    comment: str
    columns: dict[str, StoredColumn] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    checks: dict[str, StoredCheck] = field(default_factory=dict)
    indexes: dict[str, set[str]] = field(default_factory=dict)


def stored(connection: psycopg.Connection, schema: str = "public") -> dict[str, StoredTable]:
    """The tables of datasets by name: those with the column file_id, except those of the ledger."""
    found = {name: StoredTable(comment=comment) for name, comment in connection.execute(_COMMENTS, [schema])}
    for table, column, type_, collation, required, comment in connection.execute(_COLUMNS, [schema]):
        found[table].columns[column] = StoredColumn(type=type_, collation=collation, required=required, comment=comment)
    for table, kind, name, validated, condition, columns in connection.execute(_CONSTRAINTS, [schema]):
        if kind == "p":
            found[table].key = tuple(columns)
        elif GENERATED_CHECK.search(name) and len(columns) == 1:
            found[table].checks[name] = StoredCheck(column=columns[0], condition=condition, validated=validated)
    for table, column, name in connection.execute(_INDEXES, [schema]):
        found[table].indexes.setdefault(column, set()).add(name)
    return {name: table for name, table in found.items() if name not in RESERVED_NAMES and "file_id" in table.columns}


def declared(connection: psycopg.Connection, datasets: Iterable[Dataset]) -> dict[str, StoredTable]:
    """The tables that the declarations ask for, as if they had just been created."""
    with connection.transaction(force_rollback=True):
        connection.execute(f"CREATE SCHEMA {_SCRATCH}")
        connection.execute(f"SET LOCAL search_path = {_SCRATCH}")
        for dataset in datasets:
            for statement in table_statements(dataset):
                connection.execute(statement.encode())
        return stored(connection, _SCRATCH)
