"""Reads a file of orders: valid rows become lines for COPY, the others become rejects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .content import Content, Record
from .formats import BAD_BYTES, detect_format, line_end
from .order_row import COLUMNS, check, quote
from .refusal import RefusedError

MAX_RAW_BYTES = 4 * 1024
CHECK_INTERVAL_RECORDS = 10_000
ALWAYS_ALLOWED_REJECTS = 20
KEPT_REJECTS = 1_000  # of a file that is refused

_CHUNK_BYTES = 64 * 1024
_CHUNK_REJECTS = 500


class RejectedRow(NamedTuple):
    """A rejected row: the line it starts on, its text, and every reason."""

    line_number: int
    raw: str
    reasons: list[str]


class Chunk(NamedTuple):
    """Consecutive rows of a file: the valid ones as CSV lines for PostgreSQL's COPY, their number, and the rejects."""

    lines: bytes
    rows: int
    rejects: list[RejectedRow]


class OrderReader:
    """Reads a file of orders once, from beginning to end. Each line for COPY ends in `file_id`.

    `format` has the columns of these lines, without file_id, and the note for the sender, which is complete when the
    whole file was read.

    Raises RefusedError if the file's format is not supported, and, while it is read, if too many rows are rejected:
    this is checked every 10,000 records and at the end.
    """

    def __init__(self, pieces: Iterable[bytes], *, file_id: int, max_rejected_percent: int) -> None:
        self._content = Content(pieces)
        self._max_rejected_percent = max_rejected_percent
        self.format = detect_format(self._content, file_id)
        self._line_end = line_end(self.format.delimiter, file_id)
        self._order = [COLUMNS.index(name) for name in self.format.columns]
        self._records = 0
        self._next_check = CHECK_INTERVAL_RECORDS
        self.rejected = 0
        self.first_rejects: list[RejectedRow] = []

    def chunks(self) -> Iterator[Chunk]:
        """Every row, in the order of the file, in chunks of about 64 KiB."""
        lines: list[bytes] = []
        size = count = 0
        rejects: list[RejectedRow] = []
        for found in self._rows():
            if isinstance(found, RejectedRow):
                rejects.append(found)
            else:
                lines.append(found[0])
                size += len(found[0])
                count += found[1]
            if size >= _CHUNK_BYTES or len(rejects) >= _CHUNK_REJECTS:
                yield Chunk(b"".join(lines), count, rejects)
                lines, rejects, size, count = [], [], 0, 0
        self._check_share(self._records)
        yield Chunk(b"".join(lines), count, rejects)

    def _rows(self) -> Iterator[tuple[bytes, int] | RejectedRow]:
        content, form = self._content, self.format
        while True:
            for each in form.fast_paths:
                lines, count = each.take(content)
                if count:
                    self._count(count)
                    yield lines, count
                    break
            else:
                if not content.has_line() and content.receive():
                    continue
                record = form.next_record(content)
                if record is None:
                    return
                if not record.values and not record.faults:
                    continue
                yield self._check_record(record)

    def _check_record(self, record: Record) -> tuple[bytes, int] | RejectedRow:
        line = self._line(record)
        if isinstance(line, RejectedRow):
            self.rejected += 1
            if len(self.first_rejects) < KEPT_REJECTS:
                self.first_rejects.append(line)
            self._count(1)
            return line
        self.format.learn(record)
        self._count(1)
        return line, 1

    def _line(self, record: Record) -> bytes | RejectedRow:
        reasons = list(record.faults)
        if b"\0" in record.raw:
            reasons.append("the row contains a NUL character (\\x00)")
        bad_bytes = BAD_BYTES.search(record.raw.decode("utf-8", "surrogateescape"))
        if bad_bytes:
            reasons.append(f"the row is not UTF-8 text: it contains the bytes {quote(bad_bytes[0])}")
        if record.values:
            stored, wrong = check(record.values)
            reasons += wrong
        if reasons:
            return RejectedRow(record.line_number, as_text(record.raw), reasons)
        line = self.format.delimiter.join(_csv_quoted(stored[number]) for number in self._order)
        return line.encode() + self._line_end

    def _count(self, records: int) -> None:
        self._records += records
        if self._records >= self._next_check:
            # A fast path may take several intervals at once: the share is highest at the end of the first.
            self._check_share(self._next_check)
            self._next_check = self._records - self._records % CHECK_INTERVAL_RECORDS + CHECK_INTERVAL_RECORDS

    def _check_share(self, records: int) -> None:
        if self.rejected > ALWAYS_ALLOWED_REJECTS and self.rejected * 100 > records * self._max_rejected_percent:
            raise RefusedError(
                f"Too many rows were rejected: {self.rejected:,} of the first {records:,}; the limit is "
                f"{self._max_rejected_percent} %. No row of the file was loaded: correct it and send it again."
            )


def as_text(raw: bytes) -> str:
    r"""A rejected record as it is stored: without its line end, at most 4 KiB, bytes that are not UTF-8 as \xNN."""
    line = raw[: MAX_RAW_BYTES + 4].removesuffix(b"\n").removesuffix(b"\r")
    text = line.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    return text.encode()[:MAX_RAW_BYTES].decode("utf-8", "ignore")


def _csv_quoted(value: str | None) -> str:
    return "" if value is None else '"' + value.replace('"', '""') + '"'
