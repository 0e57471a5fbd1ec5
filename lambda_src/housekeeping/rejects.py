"""Removes old rejected rows, a bounded batch at a time, so that loads never wait for long and no run is too large.

The ledger keeps how many rows a file had rejected.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from psycopg import Connection
from psycopg.errors import LockNotAvailable

BATCH_ROWS = 10_000

_log = logging.getLogger(__name__)

# From file to file along the primary key, however many rejects each has: its cost is that of the files that have any.
_OLD_FILES = """
    WITH RECURSIVE rejecting AS (
        SELECT min(file_id) AS file_id FROM rejected_rows
        UNION ALL
        SELECT (SELECT min(file_id) FROM rejected_rows WHERE file_id > rejecting.file_id)
        FROM rejecting WHERE file_id IS NOT NULL
    )
    SELECT file_id FROM rejecting JOIN files USING (file_id)
    WHERE finished_at < now() - make_interval(days => %(days)s)
    ORDER BY file_id
"""
# A file that was processed again meanwhile has new rejects, which are not old.
_REMOVE = """
    DELETE FROM rejected_rows
    WHERE file_id = %(file_id)s
      AND line_number <= (
          SELECT max(line_number) FROM (
              SELECT line_number FROM rejected_rows WHERE file_id = %(file_id)s ORDER BY line_number LIMIT %(batch)s
          ) AS batch
      )
      AND EXISTS (
          SELECT FROM files
          WHERE file_id = %(file_id)s AND finished_at < now() - make_interval(days => %(days)s)
      )
"""


@dataclass(frozen=True, kw_only=True)
class Removal:
    """How many rows went, and how many old ones are left for the next run."""

    removed: int
    left: int


def remove_old(
    connection: Connection, *, days: int, time_is_left: Callable[[], bool], batch_rows: int = BATCH_ROWS
) -> Removal:
    """Remove the rejects of files that were finished more than `days` days ago; needs a connection in autocommit.

    Each batch is a transaction of its own. Stops between two batches when `time_is_left` says no.
    """
    waiting = [row[0] for row in connection.execute(_OLD_FILES, {"days": days})]
    passed_over = []
    removed = 0
    while waiting and time_is_left():
        values = {"file_id": waiting[0], "days": days, "batch": batch_rows}
        try:
            rows = connection.execute(_REMOVE, values).rowcount
        except LockNotAvailable:
            _log.warning("the file is being processed again: its rejects wait", extra={"file_id": waiting[0]})
            passed_over.append(waiting.pop(0))
            continue
        removed += rows
        if rows < batch_rows:
            waiting.pop(0)
    left = connection.execute(
        "SELECT count(file_id) FROM rejected_rows WHERE file_id = ANY(%s)", [passed_over + waiting]
    ).fetchone()
    return Removal(removed=removed, left=left[0] if left else 0)
