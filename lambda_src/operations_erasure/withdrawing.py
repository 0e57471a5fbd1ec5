"""Withdraws a file: deletes its rows, and names the files that must be loaded again to bring back what it replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

from psycopg import Connection, sql
from psycopg.rows import dict_row

from common.database import LOAD_LOCK
from common.precedence import EARLIER
from tabular.declaration import Dataset

from .requests import ErasureRequestError, Overlapping, Withdraw

_WAIT_FOR_LOADS = "SELECT pg_advisory_xact_lock(%s)"
_BROUGHT_ROWS: LiteralString = "status IN ('loaded', 'superseded', 'withdrawn') AND rows_loaded > 0"
_FILES: LiteralString = """
    SELECT file_id, version_id, dataset, status, rows_loaded, uploaded_at,
           withdrawn_at, withdrawn_by, withdrawals.reason AS why
    FROM files LEFT JOIN withdrawals USING (file_id)
    WHERE bucket = %(bucket)s AND key = %(key)s
"""
_NAMED = f"{_FILES} AND version_id = %(version_id)s"
# A withdrawn version counts: otherwise the same command would withdraw the version before it the second time.
_NEWEST = f"""
    {_FILES} AND {_BROUGHT_ROWS} AND NOT EXISTS (
        SELECT FROM (SELECT * FROM files WHERE bucket = %(bucket)s AND key = %(key)s AND {_BROUGHT_ROWS}) AS this
        WHERE {EARLIER}
    )
"""  # noqa: S608 - built from constants
_COUNT: LiteralString = "SELECT count(*) FROM {} WHERE file_id = %s"
_DELETE: LiteralString = "DELETE FROM {} WHERE file_id = %s"
_MARK = "UPDATE files SET status = 'withdrawn' WHERE file_id = %s"
# The version before it is the newest of its key again.
_RESTORE = f"""
    UPDATE files SET status = CASE WHEN rows_loaded > 0 THEN 'loaded' ELSE 'refused' END
    WHERE bucket = %(bucket)s AND key = %(key)s AND status = 'superseded' AND NOT EXISTS (
        SELECT FROM files AS this
        WHERE this.bucket = files.bucket AND this.key = files.key AND this.status NOT IN ('deleted', 'withdrawn')
          AND {EARLIER}
    )
"""  # noqa: S608 - built from constants
_RECORD = """
    INSERT INTO withdrawals (file_id, withdrawn_by, reason) VALUES (%s, %s, %s) RETURNING withdrawn_at
"""
# From a file that was withdrawn too, the search goes on: that file may have replaced rows of others.
_FOUND = """
    WITH RECURSIVE this AS (
        SELECT file_id, withdrawn_at FROM files LEFT JOIN withdrawals USING (file_id)
        WHERE bucket = %(bucket)s AND key = %(key)s AND version_id = %(version_id)s
    ), found (file_id) AS (
        SELECT file_id FROM this
        UNION
        SELECT met.other_file_id FROM found JOIN files USING (file_id), LATERAL (
            SELECT other_file_id FROM file_overlaps WHERE file_overlaps.file_id = found.file_id
            UNION ALL
            SELECT file_overlaps.file_id FROM file_overlaps WHERE other_file_id = found.file_id
        ) AS met
        WHERE status = 'withdrawn' OR found.file_id = (SELECT file_id FROM this)
    )
"""
# Files are named in the order in which they came, because it decides in datasets that reject known keys.
_OVERLAPPING = f"""
    {_FOUND}
    SELECT files.file_id, key, version_id FROM found JOIN files USING (file_id), this
    WHERE files.file_id <> this.file_id AND status <> 'withdrawn' AND files.file_id > %(after)s
      AND NOT EXISTS (
          SELECT FROM reprocess_requests AS sent
          WHERE (sent.bucket, sent.key, sent.version_id) = (files.bucket, files.key, files.version_id)
            AND sent.requested_at = withdrawn_at
      )
    ORDER BY files.file_id
    LIMIT %(limit)s
"""  # noqa: S608 - built from constants
# Whether no file of an older release is among those from which the search goes on.
_NOTED = f"""
    {_FOUND}
    SELECT bool_and(overlaps_noted) FROM found JOIN files USING (file_id), this
    WHERE status = 'withdrawn' OR files.file_id = this.file_id
"""  # noqa: S608 - built from constants


def withdraw(connection: Connection, datasets: Mapping[str, Dataset], bucket: str, request: Withdraw) -> dict[str, Any]:
    """Delete the rows of the version, mark it as withdrawn, and record who did it and why. A dry run only looks.

    Without a version it is the newest one that brought rows. Nothing happens to a version that was withdrawn before:
    `withdrawn` says when, by whom and why. Waits for the loads that run, and loads wait for it. Raises
    ErasureRequestError if there is no such version, or if it never brought rows.
    """
    with connection.transaction():
        if not request.dry_run:
            connection.execute(_WAIT_FOR_LOADS, [LOAD_LOCK])
        file = _file(connection, bucket, request)
        answer = {name: file[name] for name in ("version_id", "dataset")}
        named = {"bucket": bucket, "key": request.key, "version_id": file["version_id"]}
        ((answer["overlaps_noted"],),) = connection.execute(_NOTED, named).fetchall()
        answer |= {"uploaded_at": file["uploaded_at"].isoformat(), "rows": 0, "withdrawn": None}
        if file["status"] == "withdrawn":
            at, by = file["withdrawn_at"].isoformat(), file["withdrawn_by"]
            return answer | {"withdrawn": {"at": at, "by": by, "why": file["why"]}}
        if file["dataset"] not in datasets:
            raise ErasureRequestError(f"its dataset {file['dataset']!r} is no longer declared, so its rows can't go")
        table = sql.Identifier("public", file["dataset"])
        if request.dry_run:
            ((rows,),) = connection.execute(sql.SQL(_COUNT).format(table), [file["file_id"]]).fetchall()
            return answer | {"rows": rows}
        rows = connection.execute(sql.SQL(_DELETE).format(table), [file["file_id"]]).rowcount
        connection.execute(_MARK, [file["file_id"]])
        connection.execute(_RESTORE, {"bucket": bucket, "key": request.key})
        recorded = connection.execute(_RECORD, [file["file_id"], request.who, request.why])
        ((at,),) = recorded.fetchall()
        return answer | {"rows": rows, "withdrawn": {"at": at.isoformat(), "by": request.who, "why": request.why}}


def overlapping(connection: Connection, bucket: str, request: Overlapping) -> dict[str, Any]:
    """A page of [file id, key, version]: the files that are loaded again when this version is withdrawn.

    They have its keys. If it is withdrawn already, those whose loading was requested are left out. A page that is
    shorter than `limit` is the last.
    """
    values = {name: getattr(request, name) for name in ("key", "version_id", "after", "limit")}
    return {"files": [list(row) for row in connection.execute(_OVERLAPPING, values | {"bucket": bucket})]}


def _file(connection: Connection, bucket: str, request: Withdraw) -> dict[str, Any]:
    values = {"bucket": bucket, "key": request.key, "version_id": request.version_id}
    with connection.cursor(row_factory=dict_row) as cursor:
        file = cursor.execute(_NAMED if request.version_id else _NEWEST, values).fetchone()
    if file is None:
        which = f"version {request.version_id!r} of it" if request.version_id else "a version of it that brought rows"
        raise ErasureRequestError(f"the ledger does not have {which}: {request.key!r}")
    if file["status"] not in ("loaded", "superseded", "withdrawn") or not file["rows_loaded"]:
        raise ErasureRequestError(
            f"version {file['version_id']} of {request.key!r} brought no rows, so there is nothing to withdraw: "
            f"the ledger has it as {file['status']}"
        )
    return file
