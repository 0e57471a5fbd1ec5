"""Takes in one version of one file: in one transaction, and once, however often and in whatever order it is asked."""

from __future__ import annotations

import logging
from dataclasses import asdict

from psycopg import Connection, Rollback
from psycopg.errors import DeadlockDetected

from .compression import decompressed
from .database import Database
from .deadline import Deadline
from .event import FileEvent, Happened
from .landed_file import GoneError, LandedFile, LandedFiles
from .ledger import GONE_REASON, Outcome, brought_orders, enter, finish
from .load import keep_rejects, limit_statements, load, lock
from .order_file import OrderFile
from .refusal import RefusedError

ALREADY_KNOWN = Outcome(status="already known")
_ATTEMPTS = 3

_log = logging.getLogger(__name__)


class Intake:
    """Turns versions of files into rows.

    A file over `max_file_bytes`, compressed or not, is refused, and so is one of which more than `max_rejected_percent`
    of the rows are rejected.
    """

    def __init__(
        self, *, database: Database, files: LandedFiles, max_file_bytes: int, max_rejected_percent: int
    ) -> None:
        self._database = database
        self._files = files
        self._max_file_bytes = max_file_bytes
        self._max_rejected_percent = max_rejected_percent

    def take_in(self, event: FileEvent, deadline: Deadline) -> Outcome:
        """Do what the event asks for; ALREADY_KNOWN where that was done before.

        Raises psycopg's or botocore's errors, or OutOfTimeError, where it could not be done now: nothing of it was done
        then.
        """
        for attempt in range(1, _ATTEMPTS):
            try:
                return self._once(event, deadline, alone=False)
            except DeadlockDetected:
                _log.warning("deadlock", extra={"attempt": attempt})
        return self._once(event, deadline, alone=True)

    def _once(self, event: FileEvent, deadline: Deadline, *, alone: bool) -> Outcome:
        with self._database.connection(deadline) as connection, connection.transaction():
            limit_statements(connection, deadline)
            if event.happened is Happened.CREATED:
                lock(connection, alone=alone)  # before all else: who waits to be alone must hold nothing
            file_id = enter(connection, event)
            if file_id is None:
                return ALREADY_KNOWN
            if event.happened is Happened.MARKED_DELETED:
                outcome = Outcome(status="deleted")
            elif event.happened is Happened.GONE:
                outcome = Outcome(status="deleted", reason=GONE_REASON)
            else:
                outcome = self._read(connection, event, file_id, deadline)
            limit_statements(connection, deadline)
            if event.again and outcome.status in ("deleted", "refused") and brought_orders(connection, file_id):
                # Its orders stay, and so must what the ledger says of them.
                _log.warning("not loaded again, all stays as it was", extra=asdict(outcome))
                raise Rollback
            return finish(connection, event, file_id, outcome)
        return ALREADY_KNOWN

    def _read(self, connection: Connection, event: FileEvent, file_id: int, deadline: Deadline) -> Outcome:
        try:
            with self._files.open(event.bucket, event.key, event.version_id) as landed:
                return self._load(connection, event, file_id, landed, deadline)
        except GoneError:
            return Outcome(status="deleted", reason=GONE_REASON)

    def _load(
        self, connection: Connection, event: FileEvent, file_id: int, landed: LandedFile, deadline: Deadline
    ) -> Outcome:
        file = None
        try:
            if landed.size > self._max_file_bytes:
                raise RefusedError(
                    f"The file has {landed.size:,} bytes, and may have at most {self._max_file_bytes:,}: "
                    "send it in parts."
                )
            # Watched on both sides of the decompression: much may become nothing, and little a great deal.
            pieces = decompressed(
                deadline.watch(landed.pieces), promised=landed.promises_gzip, max_bytes=self._max_file_bytes
            )
            file = OrderFile(deadline.watch(pieces), file_id=file_id, max_rejected_percent=self._max_rejected_percent)
            # A transaction within the transaction: of a file that is refused midway no rows stay.
            with connection.transaction():
                loaded = load(connection, file_id, file, deadline, again=event.again)
        except RefusedError as error:
            rejected = file.rejected if file else 0
            keep_rejects(connection, file_id, file.first_rejects if file else [])
            return Outcome(status="refused", reason=str(error), size_bytes=landed.size, rows_rejected=rejected)
        empty = None if loaded or file.rejected else "The file holds no orders."
        return Outcome(
            status="loaded",
            reason=" ".join(filter(None, (empty, file.note))) or None,
            size_bytes=landed.size,
            rows_loaded=loaded,
            rows_rejected=file.rejected,
        )
