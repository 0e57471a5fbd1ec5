"""The rows of one trial in the tables of all datasets: counted, hashed, and deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from config.datasets import datasets

# All columns of one trial's rows, except those that depend on the time or the order of writing, and except the
# sequencer: only the events of S3 have it, so a file whose event was lost has none.
_FILES: LiteralString = """
    SELECT key, version_id, dataset, uploaded_at, size_bytes, status, reason, rows_loaded, rows_rejected
    FROM files WHERE strpos(key, %(folder)s) > 0
"""
_REJECTS: LiteralString = """
    SELECT key, version_id, line_number, raw, reasons, fields
    FROM rejected_rows JOIN files USING (file_id) WHERE strpos(key, %(folder)s) > 0
"""
_ROWS: LiteralString = """
    SELECT to_jsonb(stored) - 'file_id', key, version_id
    FROM {} AS stored JOIN files USING (file_id) WHERE strpos(key, %(folder)s) > 0
"""
# The hash is the same for every order of the rows.
_COUNT_AND_HASH: LiteralString = """
    SELECT count(*), md5(coalesce(string_agg(md5(kept::text), '' ORDER BY md5(kept::text)), '')) FROM ({}) AS kept
"""
_FORGET: LiteralString = """
    DELETE FROM {} AS stored USING files WHERE files.file_id = stored.file_id AND strpos(key, %(folder)s) > 0
"""
_FORGET_FILES: LiteralString = "DELETE FROM files WHERE strpos(key, %(folder)s) > 0"


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of one trial: those of files whose keys contain `folder`."""

    folder: str

    def fingerprints(self, database_url: str) -> dict[str, tuple[int, str]]:
        """The number of rows in each table, and a hash of them."""
        rows = {name: sql.SQL(_ROWS).format(sql.Identifier(name)) for name in datasets()}
        tables: dict[str, sql.Composable] = {"files": sql.SQL(_FILES), "rejected_rows": sql.SQL(_REJECTS), **rows}
        values = {"folder": self.folder}
        with psycopg.connect(database_url) as connection:
            return {
                table: connection.execute(sql.SQL(_COUNT_AND_HASH).format(found), values).fetchall()[0]
                for table, found in tables.items()
            }

    def delete(self, database_url: str) -> None:
        """Deletes them."""
        with psycopg.connect(database_url) as connection:
            for table in (*datasets(), "rejected_rows"):
                connection.execute(sql.SQL(_FORGET).format(sql.Identifier(table)), {"folder": self.folder})
            connection.execute(_FORGET_FILES, {"folder": self.folder})
