"""Reads a file of orders: what becomes of each of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .content import Content
from .forms import BAD_BYTES, Record, form_of, line_end
from .order_row import COLUMNS, check, shown
from .refusal import RefusedError

MAX_RAW_BYTES = 4 * 1024
JUDGED_EVERY_RECORDS = 10_000
ALWAYS_ALLOWED_REJECTS = 20
KEPT_REJECTS = 1_000  # of a file that is refused

_CHUNK_BYTES = 64 * 1024
_CHUNK_REJECTS = 500


class Reject(NamedTuple):
    """A row that is not loaded: where it stands, how it reads, and all that is wrong with it."""

    line_number: int
    raw: str
    reasons: list[str]


class Chunk(NamedTuple):
    """Some rows of a file in a row: the good ones as lines of PostgreSQL's COPY in CSV, how many, and the others."""

    lines: bytes
    rows: int
    rejects: list[Reject]


class OrderFile:
    """A file of orders, read in one go.

    Raises RefusedError where it is no such file, or while it is read, where too many rows are rejected: that is judged
    every 10,000 records and at the end. Lines for COPY end in `file_id`.
    """

    def __init__(self, pieces: Iterable[bytes], *, file_id: int, max_rejected_percent: int) -> None:
        self._content = Content(pieces)
        self._max_rejected_percent = max_rejected_percent
        self._form = form_of(self._content, file_id)
        self._line_end = line_end(self._form.delimiter, file_id)
        self._order = [COLUMNS.index(name) for name in self._form.columns]
        self._records = 0
        self._judged_next = JUDGED_EVERY_RECORDS
        self.rejected = 0
        self.first_rejects: list[Reject] = []

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the lines for COPY, without that of the file."""
        return self._form.columns

    @property
    def delimiter(self) -> str:
        """What stands between the values of the lines for COPY."""
        return self._form.delimiter

    @property
    def note(self) -> str | None:
        """What else the file's sender should know, if anything; complete when the file was read."""
        return self._form.note

    def chunks(self) -> Iterator[Chunk]:
        """Every row, in the order of the file; a chunk is some 64 KiB."""
        lines: list[bytes] = []
        size = count = 0
        rejects: list[Reject] = []
        for found in self._rows():
            if isinstance(found, Reject):
                rejects.append(found)
            else:
                lines.append(found[0])
                size += len(found[0])
                count += found[1]
            if size >= _CHUNK_BYTES or len(rejects) >= _CHUNK_REJECTS:
                yield Chunk(b"".join(lines), count, rejects)
                lines, rejects, size, count = [], [], 0, 0
        self._judge(self._records)
        yield Chunk(b"".join(lines), count, rejects)

    def _rows(self) -> Iterator[tuple[bytes, int] | Reject]:
        content, form = self._content, self._form
        while True:
            for each in form.sieves:
                lines, count = each.take(content)
                if count:
                    self._count(count)
                    yield lines, count
                    break
            else:
                if not content.holds_a_line() and content.more():
                    continue
                record = form.next_record(content)
                if record is None:
                    return
                if not record.values and not record.faults:
                    continue
                yield self._look_at(record)

    def _look_at(self, record: Record) -> tuple[bytes, int] | Reject:
        line = self._line(record)
        if isinstance(line, Reject):
            self.rejected += 1
            if len(self.first_rejects) < KEPT_REJECTS:
                self.first_rejects.append(line)
            self._count(1)
            return line
        self._form.learn(record)
        self._count(1)
        return line, 1

    def _line(self, record: Record) -> bytes | Reject:
        reasons = list(record.faults)
        if b"\0" in record.raw:
            reasons.append("the row holds a NUL character (\\x00)")
        bad_bytes = BAD_BYTES.search(record.raw.decode("utf-8", "surrogateescape"))
        if bad_bytes:
            reasons.append(f"the row is not UTF-8 text: it holds the bytes {shown(bad_bytes[0])}")
        if record.values:
            stored, wrong = check(record.values)
            reasons += wrong
        if reasons:
            return Reject(record.line_number, as_text(record.raw), reasons)
        line = self._form.delimiter.join(_quoted(stored[number]) for number in self._order)
        return line.encode() + self._line_end

    def _count(self, records: int) -> None:
        self._records += records
        if self._records >= self._judged_next:
            # Of the marks that a run of good rows passes, the first is the strictest.
            self._judge(self._judged_next)
            self._judged_next = self._records - self._records % JUDGED_EVERY_RECORDS + JUDGED_EVERY_RECORDS

    def _judge(self, records: int) -> None:
        if self.rejected > ALWAYS_ALLOWED_REJECTS and self.rejected * 100 > records * self._max_rejected_percent:
            raise RefusedError(
                f"Too many rows are wrong: {self.rejected:,} of the first {records:,}, and at most "
                f"{self._max_rejected_percent} % may be. Nothing of the file was loaded: mend it and send it again."
            )


def as_text(raw: bytes) -> str:
    r"""A record's bytes as they are kept: bytes that are no text as \xNN, at most 4 KiB, without its line end."""
    line = raw[: MAX_RAW_BYTES + 4].removesuffix(b"\n").removesuffix(b"\r")
    text = line.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    return text.encode()[:MAX_RAW_BYTES].decode("utf-8", "ignore")


def _quoted(value: str | None) -> str:
    return "" if value is None else '"' + value.replace('"', '""') + '"'
