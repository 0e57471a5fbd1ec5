"""The answers, read from the tables."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.rows import dict_row

from .requests import Inspect, KnownVersions

VERSIONS_SHOWN = 20
REJECTS_SHOWN = 5
REQUESTS_SHOWN = 5
RAW_SHOWN = 200  # characters; the database has all of it
_COUNT_SECONDS = 10

_VERSIONS = """
    SELECT file_id, version_id, dataset, status, files.reason, size_bytes, rows_loaded, rows_rejected,
           uploaded_at, received_at, finished_at, withdrawn_at, withdrawn_by, withdrawals.reason AS withdrawn_why
    FROM files LEFT JOIN withdrawals USING (file_id)
    WHERE bucket = %(bucket)s AND key = %(key)s
    ORDER BY uploaded_at DESC, file_id DESC
    LIMIT %(limit)s
"""
_REJECTS = """
    SELECT line_number, left(raw, %(raw)s) AS raw, reasons
    FROM rejected_rows
    WHERE file_id = %(file_id)s
    ORDER BY line_number
    LIMIT %(limit)s
"""
_REQUESTS = """
    SELECT requested_at, requested_by, why FROM reprocess_requests
    WHERE bucket = %(bucket)s AND key = %(key)s AND version_id = %(version_id)s
    ORDER BY requested_at DESC
    LIMIT %(limit)s
"""
# The row comparison makes each page one scan of the ledger's unique index.
_KNOWN = """
    SELECT key, version_id
    FROM files
    WHERE bucket = %(bucket)s AND (key, version_id) > (%(key)s, %(version_id)s)
    ORDER BY key, version_id
    LIMIT %(limit)s
"""


def inspect(connection: Connection, bucket: str, request: Inspect) -> dict[str, Any]:
    """The newest versions of the key, each with its first rejected rows, the number of stored rows from it, who had
    it loaded again, and who withdrew it.

    `rows_stored` is null if counting takes too long.
    """
    key = {"bucket": bucket, "key": request.key}
    row = connection.execute("SELECT count(*) FROM files WHERE bucket = %(bucket)s AND key = %(key)s", key).fetchone()
    with connection.cursor(row_factory=dict_row) as cursor:
        versions = cursor.execute(_VERSIONS, key | {"limit": VERSIONS_SHOWN}).fetchall()
        for version in versions:
            values = {"file_id": version["file_id"], "raw": RAW_SHOWN, "limit": REJECTS_SHOWN}
            version["rejects"] = cursor.execute(_REJECTS, values).fetchall()
            values = key | {"version_id": version["version_id"], "limit": REQUESTS_SHOWN}
            version["requests"] = cursor.execute(_REQUESTS, values).fetchall()
            for asked in version["requests"]:
                asked["requested_at"] = asked["requested_at"].isoformat()
    stored = _rows_stored(connection, versions)
    for version in versions:
        version["rows_stored"] = None if stored is None else stored.get(version["file_id"], 0)
        for name in ("uploaded_at", "received_at", "finished_at", "withdrawn_at"):
            version[name] = version[name] and version[name].isoformat()
    return {"key": request.key, "total": row[0] if row else 0, "versions": versions}


def known_versions(connection: Connection, bucket: str, request: KnownVersions) -> dict[str, Any]:
    """A page of [key, version]; a page that is shorter than `limit` is the last."""
    key, version_id = request.after or ("", "")
    values = {"bucket": bucket, "key": key, "version_id": version_id, "limit": request.limit}
    return {"versions": [list(row) for row in connection.execute(_KNOWN, values)]}


def _rows_stored(connection: Connection, versions: list[dict[str, Any]]) -> dict[int, int] | None:
    """The number of stored rows by version. All versions of a key are of one dataset, which names the table."""
    dataset = next((version["dataset"] for version in versions if version["dataset"]), None)
    if dataset is None:
        return {}
    # One search for each file: PostgreSQL does not use the index for a list of them.
    query = sql.SQL(
        "SELECT file_id, (SELECT count(*) FROM {} AS stored WHERE stored.file_id = wanted.file_id) "
        "FROM unnest(%s::bigint[]) AS wanted (file_id)"
    )
    file_ids = [version["file_id"] for version in versions]
    try:
        with connection.transaction():
            connection.execute(f"SET LOCAL statement_timeout = {_COUNT_SECONDS * 1000:.0f}")
            return dict(connection.execute(query.format(sql.Identifier("public", dataset)), [file_ids]).fetchall())
    except psycopg.errors.QueryCanceled:
        return None
