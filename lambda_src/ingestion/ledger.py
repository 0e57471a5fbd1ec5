"""The ledger: one row for every version of every file, and the order in which versions and files count.

That order: the time of the upload, or, between two versions of one key, S3's sequencer; then the key, then the version.
It depends on nothing else, so whatever order events come in, the tables end the same, as long as S3's own times and
sequencers of a key agree.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, LiteralString

from psycopg import Connection

from .event import FileEvent, Happened

GONE_REASON = "gone before it could be read"
_KEY_LOCKS = 1  # the class of advisory locks that are taken for a key

# Whether the row `files` comes before the row `this`. A sequencer may be missing, and then the time decides. What the
# ledger says of a version counts, not the event: one that asks to load it again knows neither sequencer nor time.
EARLIER: LiteralString = """
    CASE WHEN files.bucket = this.bucket AND files.key = this.key
              AND lpad(lower(files.sequencer), 64, '0') <> lpad(lower(this.sequencer), 64, '0')
         THEN lpad(lower(files.sequencer), 64, '0') < lpad(lower(this.sequencer), 64, '0')
         ELSE (files.uploaded_at, files.key, coalesce(lpad(lower(files.sequencer), 64, '0'), ''), files.version_id)
            < (this.uploaded_at, this.key, coalesce(lpad(lower(this.sequencer), 64, '0'), ''), this.version_id)
    END
"""

_ENTER = """
    INSERT INTO files (bucket, key, version_id, sequencer, uploaded_at, size_bytes, status, reason)
    VALUES (%(bucket)s, %(key)s, %(version_id)s, %(sequencer)s, %(uploaded_at)s, %(size_bytes)s, %(status)s, %(reason)s)
    ON CONFLICT (bucket, key, version_id) DO NOTHING
    RETURNING file_id
"""
# A version whose deletion was heard of before its creation: the creation knows its time and place.
_COMPLETE = """
    UPDATE files
    SET sequencer = %(sequencer)s, uploaded_at = %(uploaded_at)s, size_bytes = %(size_bytes)s, reason = %(reason)s
    WHERE bucket = %(bucket)s AND key = %(key)s AND version_id = %(version_id)s AND status = 'deleted'
"""
# A version that is loaded again keeps its place in the ledger, and its orders until others take theirs.
_ENTER_AGAIN = """
    UPDATE files SET status = 'loaded', reason = NULL, finished_at = NULL
    WHERE bucket = %(bucket)s AND key = %(key)s AND version_id = %(version_id)s
    RETURNING file_id
"""
_HAS_ORDERS = "SELECT rows_loaded > 0 FROM files WHERE file_id = %s"
_FORGET_REJECTS = "DELETE FROM rejected_rows WHERE file_id = %s"
_FINISH = """
    UPDATE files
    SET status = %(status)s, reason = %(reason)s, size_bytes = coalesce(%(size_bytes)s, size_bytes),
        rows_loaded = %(rows_loaded)s, rows_rejected = %(rows_rejected)s, finished_at = clock_timestamp()
    WHERE file_id = %(file_id)s
"""
_SUPERSEDE = f"""
    UPDATE files SET status = 'superseded'
    FROM files AS this
    WHERE this.file_id = %(file_id)s AND files.bucket = this.bucket AND files.key = this.key
      AND files.status IN ('loaded', 'refused') AND {EARLIER}
"""  # noqa: S608 - put together of constants alone
_IS_SUPERSEDED = f"""
    SELECT EXISTS (
        SELECT FROM files, files AS this
        WHERE this.file_id = %(file_id)s AND files.bucket = this.bucket AND files.key = this.key
          AND files.file_id <> this.file_id AND files.status <> 'deleted' AND NOT {EARLIER}
    )
"""  # noqa: S608 - put together of constants alone


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a version."""

    status: str
    reason: str | None = None
    size_bytes: int | None = None
    rows_loaded: int = 0
    rows_rejected: int = 0


def _parameters(event: FileEvent) -> dict[str, Any]:
    return {
        "bucket": event.bucket,
        "key": event.key,
        "version_id": event.version_id,
        # A deletion for good is not the version's own place in the order.
        "sequencer": None if event.happened is Happened.GONE else event.sequencer,
        "uploaded_at": event.uploaded_at,
        "size_bytes": event.size_bytes,
    }


def enter(connection: Connection, event: FileEvent) -> int | None:
    """Put the version into the ledger and return its file_id, None where it is there already.

    A version that shall be loaded again is entered whether it is there or not. Waits for another transaction that is at
    the same version. Whatever follows belongs into the same transaction.
    """
    deleted = event.happened is not Happened.CREATED
    reason = GONE_REASON if event.happened is Happened.GONE else None
    values = _parameters(event) | {"status": "deleted" if deleted else "loaded", "reason": reason}
    row = connection.execute(_ENTER, values).fetchone()
    if row is not None:
        return int(row[0])
    if event.again and (row := connection.execute(_ENTER_AGAIN, values).fetchone()):
        connection.execute(_FORGET_REJECTS, [row[0]])
        return int(row[0])
    if event.happened is not Happened.GONE:
        marker = event.happened is Happened.MARKED_DELETED
        connection.execute(_COMPLETE, values | {"reason": None if marker else GONE_REASON})
    return None


def brought_orders(connection: Connection, file_id: int) -> bool:
    """Whether a version that is being loaded again brought orders before; only before `finish`."""
    row = connection.execute(_HAS_ORDERS, [file_id]).fetchone()
    return bool(row and row[0])


def finish(connection: Connection, event: FileEvent, file_id: int, outcome: Outcome) -> Outcome:
    """Write what became of the version; of the versions of one key that were read, all but the newest are superseded.

    A delete marker, or a version that was gone, supersedes nothing: the rows loaded before it still stand.
    """
    this = {"file_id": file_id}
    if outcome.status != "deleted":
        # Two versions finishing at once must see each other.
        connection.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_KEY_LOCKS, f"{event.bucket}/{event.key}"]
        )
        connection.execute(_SUPERSEDE, this)
        row = connection.execute(_IS_SUPERSEDED, this).fetchone()
        if row is not None and row[0]:
            outcome = replace(outcome, status="superseded")
    connection.execute(_FINISH, this | asdict(outcome))
    return outcome
