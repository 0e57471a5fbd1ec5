"""Deletes old rejected rows in batches of bounded size, so that loads never wait long for a lock.

The ledger keeps the number of rejected rows of each file.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from psycopg import Connection
from psycopg.errors import LockNotAvailable
from psycopg.types.json import Jsonb

BATCH_ROWS = 10_000

_log = logging.getLogger(__name__)

# Jumps from file to file along the primary key: the cost depends on the number of files, not of rejected rows.
_OLD_FILES = """
    WITH RECURSIVE rejecting AS (
        SELECT min(file_id) AS file_id FROM rejected_rows
        UNION ALL
        SELECT (SELECT min(file_id) FROM rejected_rows WHERE file_id > rejecting.file_id)
        FROM rejecting WHERE file_id IS NOT NULL
    )
    SELECT file_id FROM rejecting JOIN files USING (file_id)
    WHERE finished_at < now() - make_interval(days => coalesce((%(of_dataset)s::jsonb ->> dataset)::int, %(days)s))
    ORDER BY file_id
"""
# A file that was loaded again in the meantime has new rejected rows, which must stay.
_DELETE = """
    DELETE FROM rejected_rows
    WHERE file_id = %(file_id)s
      AND line_number <= (
          SELECT max(line_number) FROM (
              SELECT line_number FROM rejected_rows WHERE file_id = %(file_id)s ORDER BY line_number LIMIT %(batch)s
          ) AS batch
      )
      AND EXISTS (
          SELECT FROM files
          WHERE file_id = %(file_id)s
            AND finished_at
                < now() - make_interval(days => coalesce((%(of_dataset)s::jsonb ->> dataset)::int, %(days)s))
      )
"""


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """How many rows were deleted, and how many old ones are left for the next run."""

    deleted: int
    left: int


def delete_old(
    connection: Connection,
    *,
    days: int,
    of_dataset: Mapping[str, int],
    time_is_left: Callable[[], bool],
    batch_rows: int = BATCH_ROWS,
) -> Deletion:
    """Delete the rejected rows of files that were finished long enough ago.

    `of_dataset` is the number of days by dataset; `days` holds for files of no dataset.

    Needs a connection in autocommit mode: each batch is a transaction of its own. Stops between two batches when
    `time_is_left` returns False.
    """
    limits = {"days": days, "of_dataset": Jsonb(of_dataset)}
    waiting = [row[0] for row in connection.execute(_OLD_FILES, limits)]
    locked = []
    deleted = 0
    while waiting and time_is_left():
        values = {"file_id": waiting[0], "batch": batch_rows, **limits}
        try:
            rows = connection.execute(_DELETE, values).rowcount
        except LockNotAvailable:
            _log.warning("skipped a file that is being loaded again", extra={"file_id": waiting[0]})
            locked.append(waiting.pop(0))
            continue
        deleted += rows
        if rows < batch_rows:
            waiting.pop(0)
    left = connection.execute(
        "SELECT count(file_id) FROM rejected_rows WHERE file_id = ANY(%s)", [locked + waiting]
    ).fetchone()
    return Deletion(deleted=deleted, left=left[0] if left else 0)
