"""Loads each version of a file exactly once, in one transaction. Events may be repeated and arrive in any order."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace

from psycopg import Connection, Error, Rollback
from psycopg.errors import DeadlockDetected, QueryCanceled

from tabular.declaration import Dataset

from .compression import decompressed
from .database import DatabaseConnection
from .deadline import Deadline, OutOfTimeError
from .event import EventType, FileEvent
from .landed_file import LandedFile, LandedFiles, NoSuchVersionError
from .ledger import (
    DELETED_REASON,
    Outcome,
    add_version,
    count_attempt,
    erased_since,
    finish,
    has_loaded_rows,
    is_withdrawn,
    note_overlaps,
    record_request,
    uncount_attempt,
)
from .reader import DatasetReader
from .refusal import RefusedError
from .tables import DatasetWriter, limit_statements, lock, write_rejects

# Files without rows that Spark, Hadoop, EMR, macOS, Windows and office programs leave beside others. A key that ends in
# "/" is a folder that S3's console created.
_MARKER = re.compile(
    r"(?:^|/)(?:_SUCCESS|_committed_[^/]*|_started_[^/]*|_(?:common_)?metadata|\.[^/]*\.crc)$|(?:^|/)_temporary/|_\$folder\$$"
    r"|(?:^|/)(?:\.DS_Store|\._[^/]*|Thumbs\.db|desktop\.ini|~\$[^/]*|\.~lock\.[^/]*#|\.(?:git)?keep)$|/$"
)
_MEBIBYTE = 1024 * 1024
_TOO_MUCH_WORK = "Reading the file took too much time or memory, more than once. Split it into smaller files."
ALREADY_KNOWN = Outcome(status="already known")
WITHDRAWN = replace(ALREADY_KNOWN, reason="It was withdrawn, so it is not loaded again.")
_ATTEMPTS = 3
_MAX_ATTEMPTS = 2  # that took too much time or memory
# A file is too slow if reading it took this part of the time. With less, the load waited for a lock or a slow database,
# and any file would have run out of time.
_SLOW_FILE = 0.25
_GIVING_UP_SECONDS = 6.0  # of the time that a deadline reserves

_log = logging.getLogger(__name__)


class _SlowFileError(OutOfTimeError):
    """The time ran out because reading the file takes too much work."""


class Loader:
    """Loads versions of files into the tables of their datasets.

    A file belongs to the dataset that its key names after `prefix`, such as incoming/orders/…. A file is refused if it
    has more bytes than `max_file_bytes` or its dataset allows, compressed or decompressed, or if too many of its rows,
    or all of them, are rejected.
    """

    def __init__(
        self,
        *,
        database: DatabaseConnection,
        files: LandedFiles,
        datasets: Mapping[str, Dataset],
        prefix: str,
        max_file_bytes: int,
    ) -> None:
        self._database = database
        self._files = files
        self._datasets = datasets
        self._prefix = prefix
        self._max_file_bytes = max_file_bytes

    def load(self, event: FileEvent, deadline: Deadline, *, retried: bool = False) -> Outcome:
        """Process the event; returns ALREADY_KNOWN if that was done before, and WITHDRAWN if it must stay undone.

        Raises psycopg's or botocore's errors, or OutOfTimeError. Then everything was rolled back. A file that is too
        slow to read for the second time is refused. So is a file that ends the whole process, such as by its use of
        memory: an attempt with `retried` is counted before it begins, and no longer if it fails for another reason.
        """
        if event.reprocess:
            with self._database.connection(deadline) as connection:  # a trace of its own: the load may be rolled back
                record_request(connection, event)
        attempts = self._count_attempt(event) if retried else 0
        if attempts <= _MAX_ATTEMPTS:
            try:
                outcome = self._repeatedly(event, deadline)
            except _SlowFileError:
                attempts = attempts or self._count_attempt(event)
                if attempts < _MAX_ATTEMPTS:
                    raise
            except Exception:  # whatever it is, the process still runs, and the file was not too slow
                self._uncount_attempt(event, attempts)
                raise
            else:
                if outcome.status == ALREADY_KNOWN.status:
                    self._uncount_attempt(event, attempts)
                return outcome
        _log.warning("reading takes too much time or memory: the file is refused", extra={"attempts": attempts})
        return self._once(event, Deadline(_GIVING_UP_SECONDS), exclusive=False, read=False)

    def _count_attempt(self, event: FileEvent) -> int:
        with self._database.connection(Deadline(_GIVING_UP_SECONDS)) as connection:
            return count_attempt(connection, event)

    def _uncount_attempt(self, event: FileEvent, attempts: int) -> None:
        if not attempts:
            return
        with suppress(Error), self._database.connection(Deadline(_GIVING_UP_SECONDS)) as connection:
            uncount_attempt(connection, event)

    def _repeatedly(self, event: FileEvent, deadline: Deadline) -> Outcome:
        for attempt in range(1, _ATTEMPTS):
            try:
                return self._once(event, deadline, exclusive=False)
            except DeadlockDetected:
                _log.warning("deadlock with another load, loading again", extra={"attempt": attempt})
        return self._once(event, deadline, exclusive=True)

    def dataset(self, key: str) -> Dataset | None:
        """The dataset of a key, if there is one."""
        name, slash, _ = key.removeprefix(self._prefix).partition("/")
        return self._datasets.get(name) if slash else None

    def _once(self, event: FileEvent, deadline: Deadline, *, exclusive: bool, read: bool = True) -> Outcome:
        dataset = self.dataset(event.key)
        with self._database.connection(deadline) as connection, connection.transaction():
            limit_statements(connection, deadline)
            if event.type is EventType.CREATED:
                lock(connection, exclusive=exclusive)  # first: waiting for it while holding other locks could deadlock
            file_id = add_version(connection, event, dataset.name if dataset else None)
            if file_id is None:
                return WITHDRAWN if is_withdrawn(connection, event) else ALREADY_KNOWN
            if event.type is not EventType.CREATED:
                marker = event.type is EventType.DELETE_MARKER_CREATED
                outcome = Outcome(status="deleted", reason=None if marker else DELETED_REASON)
            elif _MARKER.search(event.key):
                outcome = Outcome(status="ignored", reason="A marker that a program or a computer leaves beside files.")
            elif dataset is None:
                outcome = Outcome(status="refused", reason=self._no_dataset(), size_bytes=event.size_bytes)
            elif read:
                outcome = self._read(connection, event, file_id, dataset, deadline)
                outcome = _without_the_erased(connection, file_id, dataset, outcome)
            else:
                outcome = Outcome(status="refused", reason=_TOO_MUCH_WORK, size_bytes=event.size_bytes)
            limit_statements(connection, deadline)
            if event.reprocess and outcome.status in ("deleted", "refused") and has_loaded_rows(connection, file_id):
                # Its rows stay, so the ledger must still describe them.
                about = asdict(outcome) | {"reason": outcome.reason_for_logs}
                _log.warning("the file could not be loaded again: its earlier result is kept", extra=about)
                raise Rollback
            return finish(connection, event, file_id, outcome)
        return ALREADY_KNOWN

    def _no_dataset(self) -> str:
        folders = ", ".join(f"{self._prefix}{name}/" for name in self._datasets)
        return f"No dataset has this folder. Put the file into one of {folders}."

    def _read(
        self, connection: Connection, event: FileEvent, file_id: int, dataset: Dataset, deadline: Deadline
    ) -> Outcome:
        began, work_before = time.monotonic(), time.process_time()
        try:
            with self._files.open(event.bucket, event.key, event.version_id) as landed:
                return self._load(connection, event, file_id, dataset=dataset, landed=landed, deadline=deadline)
        except NoSuchVersionError:
            return Outcome(status="deleted", reason=DELETED_REASON)
        except (OutOfTimeError, QueryCanceled) as error:
            work = time.process_time() - work_before
            if work < _SLOW_FILE * (time.monotonic() - began):
                raise
            raise _SlowFileError(str(error)) from error

    def _load(
        self,
        connection: Connection,
        event: FileEvent,
        file_id: int,
        *,
        dataset: Dataset,
        landed: LandedFile,
        deadline: Deadline,
    ) -> Outcome:
        reader = writer = None
        most = self._max_file_bytes
        if dataset.max_file_mb is not None:
            most = min(most, dataset.max_file_mb * _MEBIBYTE)
        try:
            if landed.size > most:
                raise RefusedError(
                    f"The file has {landed.size:,} bytes; the limit is {most:,}: split it into smaller files."
                )
            # The deadline is checked before and after decompression: many bytes may become none, and few become many.
            pieces = decompressed(deadline.watch(landed.pieces), declared=landed.declared_gzip, max_bytes=most)
            reader = DatasetReader(dataset, deadline.watch(pieces), file_id=file_id)
            # A savepoint: if the file is refused midway, its rows are rolled back.
            with connection.transaction():
                writer = DatasetWriter(connection, file_id, reader, deadline, reprocess=event.reprocess)
                loaded = writer.run()
                if not loaded:
                    raise RefusedError(_nothing_loaded(reader))
        except RefusedError as error:
            rejected = reader.rejected if reader else 0
            write_rejects(connection, file_id, reader.first_rejects if reader else [])
            if writer and writer.rejected:  # without the rows of others, the file might not be refused
                note_overlaps(connection, file_id, writer.overlapping)
            return Outcome(status="refused", reason=str(error), size_bytes=landed.size, rows_rejected=rejected)
        note_overlaps(connection, file_id, writer.overlapping)
        return Outcome(
            status="loaded",
            reason=" ".join(filter(None, (_repeated(writer), reader.format.note))) or None,
            size_bytes=landed.size,
            rows_loaded=loaded,
            rows_rejected=reader.rejected,
        )


def _without_the_erased(connection: Connection, file_id: int, dataset: Dataset, outcome: Outcome) -> Outcome:
    """Remove persons who were erased since the file was uploaded from what it brought."""
    hashes = erased_since(connection, file_id)
    if not hashes:
        return outcome
    from common.erasure import Eraser  # noqa: PLC0415 - few files need it, and each cold start would wait for it
    from tabular.addresses import Addresses  # noqa: PLC0415 - the same

    addresses = Addresses(hashes)
    eraser = Eraser(connection, addresses, file_id=file_id)
    erased = eraser.rows(dataset)
    eraser.rejects()
    return replace(
        outcome,
        rows_loaded=max(0, outcome.rows_loaded - erased.deleted),
        reason=outcome.reason and addresses.masked(outcome.reason),
    )


def _nothing_loaded(reader: DatasetReader) -> str:
    if not reader.rejected:
        return "The file contains no rows."
    return f"Every row was rejected, so nothing was loaded. {reader.reasons}"


def _repeated(writer: DatasetWriter) -> str | None:
    """A note about rows with the same key, of which one was kept."""
    if not writer.repeated:
        return None
    key = ", ".join(writer.dataset.primary_key)
    repeat = "1 row repeats" if writer.repeated == 1 else f"{writer.repeated:,} rows repeat"
    counts = "first" if writer.dataset.known_key == "keep" else "last"
    return f"{repeat} the {key} of another row of this file; the {counts} one counts."
