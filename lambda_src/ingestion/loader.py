"""Loads each version of a file exactly once, in one transaction. Events may be repeated and arrive in any order."""

from __future__ import annotations

import logging
from dataclasses import asdict

from psycopg import Connection, Rollback
from psycopg.errors import DeadlockDetected

from .compression import decompressed
from .database import DatabaseConnection
from .deadline import Deadline
from .event import EventType, FileEvent
from .landed_file import LandedFile, LandedFiles, NoSuchVersionError
from .ledger import DELETED_REASON, Outcome, add_version, finish, has_loaded_orders
from .reader import OrderReader
from .refusal import RefusedError
from .tables import OrderWriter, limit_statements, lock, write_rejects

ALREADY_KNOWN = Outcome(status="already known")
_ATTEMPTS = 3

_log = logging.getLogger(__name__)


class Loader:
    """Loads versions of files into the tables.

    A file with more than `max_file_bytes`, compressed or decompressed, is refused. So is a file if more than
    `max_rejected_percent` of its rows are rejected.
    """

    def __init__(
        self, *, database: DatabaseConnection, files: LandedFiles, max_file_bytes: int, max_rejected_percent: int
    ) -> None:
        self._database = database
        self._files = files
        self._max_file_bytes = max_file_bytes
        self._max_rejected_percent = max_rejected_percent

    def load(self, event: FileEvent, deadline: Deadline) -> Outcome:
        """Process the event; returns ALREADY_KNOWN if that was done before.

        Raises psycopg's or botocore's errors, or OutOfTimeError. Then everything was rolled back.
        """
        for attempt in range(1, _ATTEMPTS):
            try:
                return self._once(event, deadline, exclusive=False)
            except DeadlockDetected:
                _log.warning("deadlock with another load, loading again", extra={"attempt": attempt})
        return self._once(event, deadline, exclusive=True)

    def _once(self, event: FileEvent, deadline: Deadline, *, exclusive: bool) -> Outcome:
        with self._database.connection(deadline) as connection, connection.transaction():
            limit_statements(connection, deadline)
            if event.type is EventType.CREATED:
                lock(connection, exclusive=exclusive)  # first: waiting for it while holding other locks could deadlock
            file_id = add_version(connection, event)
            if file_id is None:
                return ALREADY_KNOWN
            if event.type is EventType.CREATED:
                outcome = self._read(connection, event, file_id, deadline)
            else:
                marker = event.type is EventType.DELETE_MARKER_CREATED
                outcome = Outcome(status="deleted", reason=None if marker else DELETED_REASON)
            limit_statements(connection, deadline)
            if event.reprocess and outcome.status in ("deleted", "refused") and has_loaded_orders(connection, file_id):
                # Its orders stay, so the ledger must still describe them.
                _log.warning("the file could not be loaded again: its earlier result is kept", extra=asdict(outcome))
                raise Rollback
            return finish(connection, event, file_id, outcome)
        return ALREADY_KNOWN

    def _read(self, connection: Connection, event: FileEvent, file_id: int, deadline: Deadline) -> Outcome:
        try:
            with self._files.open(event.bucket, event.key, event.version_id) as landed:
                return self._load(connection, event, file_id, landed, deadline)
        except NoSuchVersionError:
            return Outcome(status="deleted", reason=DELETED_REASON)

    def _load(
        self, connection: Connection, event: FileEvent, file_id: int, landed: LandedFile, deadline: Deadline
    ) -> Outcome:
        reader = None
        try:
            if landed.size > self._max_file_bytes:
                raise RefusedError(
                    f"The file has {landed.size:,} bytes; the limit is {self._max_file_bytes:,}: "
                    "split it into smaller files."
                )
            # The deadline is checked before and after decompression: many bytes may become none, and few become many.
            pieces = decompressed(
                deadline.watch(landed.pieces), declared=landed.declared_gzip, max_bytes=self._max_file_bytes
            )
            reader = OrderReader(
                deadline.watch(pieces), file_id=file_id, max_rejected_percent=self._max_rejected_percent
            )
            # A savepoint: if the file is refused midway, its rows are rolled back.
            with connection.transaction():
                loaded = OrderWriter(connection, file_id, reader, deadline, reprocess=event.reprocess).run()
        except RefusedError as error:
            rejected = reader.rejected if reader else 0
            write_rejects(connection, file_id, reader.first_rejects if reader else [])
            return Outcome(status="refused", reason=str(error), size_bytes=landed.size, rows_rejected=rejected)
        empty = None if loaded or reader.rejected else "The file contains no orders."
        return Outcome(
            status="loaded",
            reason=" ".join(filter(None, (empty, reader.format.note))) or None,
            size_bytes=landed.size,
            rows_loaded=loaded,
            rows_rejected=reader.rejected,
        )
