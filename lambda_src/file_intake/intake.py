"""Takes in one version of one file: in one transaction, and once, however often and in whatever order it is asked."""

from __future__ import annotations

import logging

from psycopg import Connection
from psycopg.errors import DeadlockDetected

from .database import Database
from .event import FileEvent, Happened
from .landed_file import GoneError, LandedFiles
from .ledger import GONE_REASON, Outcome, enter, finish
from .load import merge, stage
from .order_file import OrderFile, RefusedError

ALREADY_KNOWN = Outcome(status="already known")
_ATTEMPTS = 3

_log = logging.getLogger(__name__)


class Intake:
    """Turns versions of files into rows. A file over `max_file_bytes` is refused."""

    def __init__(self, *, database: Database, files: LandedFiles, max_file_bytes: int) -> None:
        self._database = database
        self._files = files
        self._max_file_bytes = max_file_bytes

    def take_in(self, event: FileEvent) -> Outcome:
        """Do what the event asks for; ALREADY_KNOWN where that was done before.

        Raises psycopg's or botocore's errors where it could not be done now: nothing of it was done then.
        """
        for attempt in range(1, _ATTEMPTS):
            try:
                return self._once(event, alone=False)
            except DeadlockDetected:
                _log.warning("deadlock", extra={"attempt": attempt})
        return self._once(event, alone=True)

    def _once(self, event: FileEvent, *, alone: bool) -> Outcome:
        try:
            connection = self._database.connection()
            with connection.transaction():
                file_id = enter(connection, event)
                if file_id is None:
                    return ALREADY_KNOWN
                return finish(connection, event, file_id, self._outcome(connection, event, file_id, alone=alone))
        except BaseException:
            self._database.discard()
            raise

    def _outcome(self, connection: Connection, event: FileEvent, file_id: int, *, alone: bool) -> Outcome:
        if event.happened is Happened.MARKED_DELETED:
            return Outcome(status="deleted")
        if event.happened is Happened.GONE:
            return Outcome(status="deleted", reason=GONE_REASON)
        try:
            # A transaction within the transaction: of a file refused midway no rows stay, but its place in the ledger.
            with connection.transaction():
                return self._load(connection, event, file_id, alone=alone)
        except RefusedError as error:
            return Outcome(status="refused", reason=str(error))
        except GoneError:
            return Outcome(status="deleted", reason=GONE_REASON)

    def _load(self, connection: Connection, event: FileEvent, file_id: int, *, alone: bool) -> Outcome:
        with self._files.open(event.bucket, event.key, event.version_id) as (size, pieces):
            if size > self._max_file_bytes:
                raise RefusedError(
                    f"The file has {size:,} bytes, and may have at most {self._max_file_bytes:,}: send it in parts."
                )
            file = OrderFile(pieces)
            rejected = stage(connection, file_id, file.rows())
        loaded = merge(connection, event, file_id, alone=alone)
        note = file.note
        if not loaded and not rejected:
            note = " ".join(filter(None, ("The file has a header and no orders.", note)))
        return Outcome(status="loaded", reason=note, size_bytes=size, rows_loaded=loaded, rows_rejected=rejected)
