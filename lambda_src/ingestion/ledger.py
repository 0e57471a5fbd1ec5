"""The ledger: the table `files`, with one row for every version of every file."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace

from psycopg import Connection

from common.precedence import EARLIER

from .event import EventType, FileEvent

DELETED_REASON = "deleted before it could be read"
_VALUES = re.compile('".*"', re.DOTALL)
_KEY_LOCKS = 1  # the first number of the advisory locks on keys

_INSERT = """
    INSERT INTO files (
        bucket, key, version_id, dataset, sequencer, uploaded_at, size_bytes, status, reason, overlaps_noted
    )
    VALUES (
        %(bucket)s, %(key)s, %(version_id)s, %(dataset)s, %(sequencer)s, %(uploaded_at)s, %(size_bytes)s, %(status)s,
        %(reason)s, true
    )
    ON CONFLICT (bucket, key, version_id) DO NOTHING
    RETURNING file_id
"""
# The event of a version's deletion arrived before that of its creation, which has its time, sequencer and size.
_COMPLETE = """
    UPDATE files
    SET sequencer = %(sequencer)s, uploaded_at = %(uploaded_at)s, size_bytes = %(size_bytes)s, reason = %(reason)s
    WHERE bucket = %(bucket)s AND key = %(key)s AND version_id = %(version_id)s AND status = 'deleted'
"""
# A version that is loaded again keeps its row, and its rows until newer ones replace them. A withdrawn one stays so.
_REOPEN = """
    UPDATE files SET status = 'loaded', dataset = %(dataset)s, reason = NULL, finished_at = NULL
    WHERE bucket = %(bucket)s AND key = %(key)s AND version_id = %(version_id)s AND status <> 'withdrawn'
    RETURNING file_id
"""
_IS_WITHDRAWN = """
    SELECT status = 'withdrawn' FROM files
    WHERE bucket = %(bucket)s AND key = %(key)s AND version_id = %(version_id)s
"""
_HAS_LOADED_ROWS = "SELECT rows_loaded > 0 FROM files WHERE file_id = %s"
_DELETE_REJECTS = "DELETE FROM rejected_rows WHERE file_id = %s"
_COUNT_ATTEMPT = """
    INSERT INTO load_attempts (bucket, key, version_id) VALUES (%(bucket)s, %(key)s, %(version_id)s)
    ON CONFLICT (bucket, key, version_id) DO UPDATE SET attempts = load_attempts.attempts + 1
    RETURNING attempts
"""
_UNCOUNT_ATTEMPT = """
    UPDATE load_attempts SET attempts = attempts - 1
    WHERE (bucket, key, version_id) = (%(bucket)s, %(key)s, %(version_id)s) AND attempts > 1
"""
_DELETE_ATTEMPT = """
    DELETE FROM load_attempts WHERE (bucket, key, version_id) = (%(bucket)s, %(key)s, %(version_id)s)
"""
_RECORD_REQUEST = """
    INSERT INTO reprocess_requests (bucket, key, version_id, requested_at, requested_by, why)
    VALUES (
        %(bucket)s, %(key)s, %(version_id)s, coalesce(%(requested_at)s, %(uploaded_at)s), %(requested_by)s, %(why)s
    )
    ON CONFLICT DO NOTHING
"""
# Files that were uploaded before an erasure bring nothing of the person back.
_ERASED_SINCE = """
    SELECT address_hash FROM erasures, files WHERE file_id = %s AND erased_at >= uploaded_at
"""
_NOTE_OVERLAPS = "INSERT INTO file_overlaps SELECT %s, unnest(%s::bigint[]) ON CONFLICT DO NOTHING"
_FINISH = """
    WITH finished AS (
        DELETE FROM load_attempts
        WHERE (bucket, key, version_id) = (%(bucket)s, %(key)s, %(version_id)s)
    )
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
"""  # noqa: S608 - built from constants
_IS_SUPERSEDED = f"""
    SELECT EXISTS (
        SELECT FROM files, files AS this
        WHERE this.file_id = %(file_id)s AND files.bucket = this.bucket AND files.key = this.key
          AND files.file_id <> this.file_id AND files.status NOT IN ('deleted', 'withdrawn') AND NOT {EARLIER}
    )
"""  # noqa: S608 - built from constants


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result for a version."""

    status: str
    reason: str | None = None
    size_bytes: int | None = None
    rows_loaded: int = 0
    rows_rejected: int = 0

    @property
    def reason_for_logs(self) -> str | None:
        """The reason without what is between its first and its last quote.

        A reason quotes values of the file, which may be personal data. A value may contain quotes itself, so single
        values can't be told from the words between them.
        """
        return self.reason and _VALUES.sub('"…"', self.reason)


def add_version(connection: Connection, event: FileEvent, dataset: str | None) -> int | None:
    """Add the version to the ledger and return its file_id; None if the ledger has it already.

    With `event.reprocess`, the file_id is returned in both cases, unless the version was withdrawn. Waits for other
    transactions that add the same version. The load must run in the same transaction. `dataset` is None for a file that
    belongs to none.
    """
    status = "loaded" if event.type is EventType.CREATED else "deleted"
    values = asdict(event) | {"dataset": dataset, "status": status, "reason": None}
    if event.type is EventType.PERMANENTLY_DELETED:
        # The sequencer of the deletion is not that of the version.
        values |= {"sequencer": None, "reason": DELETED_REASON}
    row = connection.execute(_INSERT, values).fetchone()
    if row is not None:
        return int(row[0])
    if event.reprocess and (row := connection.execute(_REOPEN, values).fetchone()):
        connection.execute(_DELETE_REJECTS, [row[0]])
        return int(row[0])
    if event.type is not EventType.PERMANENTLY_DELETED:
        marker = event.type is EventType.DELETE_MARKER_CREATED
        connection.execute(_COMPLETE, values | {"reason": None if marker else DELETED_REASON})
    return None


def is_withdrawn(connection: Connection, event: FileEvent) -> bool:
    """Whether a version that the ledger has was withdrawn: it is never loaded again."""
    row = connection.execute(_IS_WITHDRAWN, asdict(event)).fetchone()
    return bool(row and row[0])


def note_overlaps(connection: Connection, file_id: int, others: Collection[int]) -> None:
    """Note the other files whose rows have keys of this file: when one is withdrawn, the others are loaded again."""
    if others:
        connection.execute(_NOTE_OVERLAPS, [file_id, sorted(others)])


def count_attempt(connection: Connection, event: FileEvent) -> int:
    """Count an attempt to load the version, and return the number so far."""
    row = connection.execute(_COUNT_ATTEMPT, asdict(event)).fetchone()
    return int(row[0]) if row else 0


def uncount_attempt(connection: Connection, event: FileEvent) -> None:
    """Take back `count_attempt`: the attempt did not fail because of the file."""
    if not connection.execute(_UNCOUNT_ATTEMPT, asdict(event)).rowcount:
        connection.execute(_DELETE_ATTEMPT, asdict(event))


def record_request(connection: Connection, event: FileEvent) -> None:
    """Record who had the version loaded again, when and why; a repeated message changes nothing."""
    connection.execute(_RECORD_REQUEST, asdict(event))


def erased_since(connection: Connection, file_id: int) -> list[bytes]:
    """The hashes of addresses that were erased after the version was uploaded."""
    return [row[0] for row in connection.execute(_ERASED_SINCE, [file_id])]


def has_loaded_rows(connection: Connection, file_id: int) -> bool:
    """Whether a version that is being reprocessed loaded rows the first time; call it before `finish`."""
    row = connection.execute(_HAS_LOADED_ROWS, [file_id]).fetchone()
    return bool(row and row[0])


def finish(connection: Connection, event: FileEvent, file_id: int, outcome: Outcome) -> Outcome:
    """Write the version's outcome. Of one key's versions that were read, all but the newest become superseded.

    A delete marker or a deleted version supersedes nothing: rows that were loaded before stay valid.
    """
    this = {"file_id": file_id}
    if outcome.status != "deleted":
        # Two versions that finish at the same time must see each other.
        connection.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_KEY_LOCKS, f"{event.bucket}/{event.key}"]
        )
        connection.execute(_SUPERSEDE, this)
        row = connection.execute(_IS_SUPERSEDED, this).fetchone()
        if row is not None and row[0]:
            outcome = replace(outcome, status="superseded")
    connection.execute(_FINISH, this | asdict(event) | asdict(outcome))
    return outcome
