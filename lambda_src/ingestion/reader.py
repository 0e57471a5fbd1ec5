"""Reads a file of a dataset: valid rows become lines for COPY, the others become rejects."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from common.database import UNSTORABLE
from tabular.declaration import Dataset
from tabular.types import quote

from .content import Content, Record
from .formats import BAD_BYTES, detect_format, line_end
from .refusal import RefusedError
from .row_rules import check, csv_quoted

MAX_RAW_BYTES = 4 * 1024
MAX_VALUE_CHARACTERS = 1_000
CHECK_INTERVAL_RECORDS = 10_000
ALWAYS_ALLOWED_REJECTS = 20
ALWAYS_ALLOWED_NOT_TEXT = 10
KEPT_REJECTS = 1_000  # of a file that is refused

_CHUNK_BYTES = 64 * 1024
_CHUNK_REJECTS = 500
_SHOWN_REASONS = 3
_KINDS_OF_REASONS = 1_000
_NOT_STORABLE = "can't be stored"
# Many systems export an order with several items like this.
_CONTINUATION = (
    "the row is a continuation of the one before it: it has the same {}, and other values are left out (each row must "
    "have all of them)"
)


class RejectedRow(NamedTuple):
    """A rejected row: the line it starts on, its text, every reason, and its values by the names in the file.

    The values are None if the row can't be divided into values.
    """

    line_number: int
    raw: str
    reasons: list[str]
    values: dict[str, str] | None


class CommonReasons:
    """Counts the reasons of rejected rows. Reasons that differ only in the quoted value count as one."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, tuple[str, int]] = {}

    def add(self, row: RejectedRow) -> None:
        """Count the reasons of a row."""
        for reason in row.reasons:
            before, _, rest = reason.partition('"')
            _, closed, after = rest.partition('"')
            kind = before + after if closed else reason
            if kind in self._first:
                self._counts[kind] += 1
            elif len(self._first) < _KINDS_OF_REASONS:
                self._counts[kind] = 1
                self._first[kind] = (reason, row.line_number)

    def __str__(self) -> str:
        """The most common reasons, each with a line; empty if there are none."""
        found = [(count, *self._first[kind]) for kind, count in self._counts.most_common(_SHOWN_REASONS)]
        listed = "; ".join(f"{reason} ({count:,} {_rows(count)} line {line:,})" for count, reason, line in found)
        return f"Most common: {listed}." if listed else ""


def _rows(count: int) -> str:
    return "row," if count == 1 else "rows, first"


class Chunk(NamedTuple):
    """Consecutive rows of a file: the valid ones as CSV lines for PostgreSQL's COPY, their number, and the rejects.

    `runs` are the first line, and the number, of valid rows that follow each other line by line.
    """

    lines: bytes
    rows: int
    rejects: list[RejectedRow]
    runs: list[tuple[int, int]]


class DatasetReader:
    """Reads a file of a dataset once, from beginning to end. Each line for COPY ends in `file_id`.

    `format` has the columns of these lines, without file_id, and the note for the sender, which is complete when the
    whole file has been read.

    Raises RefusedError if the file's format is not supported, and, while it is read, if too many rows are rejected:
    this is checked every 10,000 records and at the end, or as soon as the result of the next check is certain and 1,000
    rejected rows are known.
    """

    def __init__(self, dataset: Dataset, pieces: Iterable[bytes], *, file_id: int) -> None:
        self.dataset = dataset
        self._content = Content(pieces)
        self._max_rejected_percent = dataset.max_rejected_percent
        self.format = detect_format(dataset, self._content, file_id)
        self.line_end = line_end(self.format.delimiter, file_id)
        self._order = [dataset.columns.index(name) for name in self.format.columns]
        self._records = 0
        self._next_check = CHECK_INTERVAL_RECORDS
        self._not_text = 0
        self._last_line = b""
        self.rejected = 0
        self.first_rejects: list[RejectedRow] = []
        self.reasons = CommonReasons()

    def chunks(self) -> Iterator[Chunk]:
        """Every row, in the order of the file, in chunks of about 64 KiB."""
        lines: list[bytes] = []
        size = count = 0
        rejects: list[RejectedRow] = []
        runs: list[tuple[int, int]] = []
        for first, found, rows in self._rows():
            if isinstance(found, RejectedRow):
                rejects.append(found)
            else:
                lines.append(found)
                size += len(found)
                count += rows
                runs.append((first, rows))
            if size >= _CHUNK_BYTES or len(rejects) >= _CHUNK_REJECTS:
                yield Chunk(b"".join(lines), count, rejects, runs)
                lines, rejects, runs, size, count = [], [], [], 0, 0
        self.check_share()
        yield Chunk(b"".join(lines), count, rejects, runs)

    def reject(self, row: RejectedRow) -> None:
        """Count a rejected row and its reasons."""
        self.rejected += 1
        self.reasons.add(row)
        if len(self.first_rejects) < KEPT_REJECTS:
            self.first_rejects.append(row)

    def check_share(self) -> None:
        """Raise RefusedError if too many of the rows that were read are rejected."""
        self._check_share(self._records)

    def _rows(self) -> Iterator[tuple[int, bytes | RejectedRow, int]]:
        """The first line of some rows, the rows as lines for COPY, and their number; or a rejected row and 1."""
        content, form = self._content, self.format
        while True:
            first = content.line_number
            lines, count = self._take()
            if count:
                self._last_line = self._last_of(lines)
                self._count(count)
                yield first, lines, count
            else:
                if content.skip(form.blank_lines) or (not content.has_line() and content.receive()):
                    continue
                record = form.next_record()
                if record is None:
                    return
                if not record.values and not record.faults:
                    continue
                yield record.line_number, self._check_record(record), 1

    def _last_of(self, lines: bytes) -> bytes:
        """The last of some lines for COPY; b"" if a quoted value of it contains what ends a line."""
        end = lines.rfind(self.line_end, 0, -len(self.line_end))
        last = lines[end + len(self.line_end) :] if end >= 0 else lines
        return last if last.count(b'"') % 2 == 0 else b""

    def _take(self) -> tuple[bytes, int]:
        """Valid rows that need no look at each of them, as lines for COPY, and their number."""
        for each in self.format.fast_paths:
            lines, count = each.take(self._content)
            if count:
                return lines, count
        return self.format.column_path.take(self._content) if self.format.column_path else (b"", 0)

    def _check_record(self, record: Record) -> bytes | RejectedRow:
        line = self._line(record)
        if isinstance(line, RejectedRow):
            self.reject(line)
            self._count(1)
            return line
        self._last_line = line
        self.format.learn(record)
        self._count(1)
        return line

    def _line(self, record: Record) -> bytes | RejectedRow:
        reasons = list(record.faults)
        if b"\0" in record.raw:
            reasons.append("the row contains a NUL character (\\x00)")
        if not record.raw.isascii() and (bad_bytes := BAD_BYTES.search(record.raw.decode("utf-8", "surrogateescape"))):
            self._not_text += 1
            reasons.append(f"the row is not UTF-8 text: it contains the bytes {quote(bad_bytes[0])}")
        if record.values:
            # A byte that is not UTF-8 is a reason of the row. It must not be another reason of its column.
            values = [_readable(each) for each in record.values] if reasons else record.values
            stored, wrong = check(self.dataset, values)
            if wrong and self._continues_the_last(stored, wrong):
                reasons.append(_CONTINUATION.format(", ".join(self.dataset.primary_key)))
            if reasons:  # they name the byte that is not UTF-8, or NUL, already
                wrong = [reason for reason in wrong if _NOT_STORABLE not in reason]
            reasons += wrong
        if reasons:
            return RejectedRow(record.line_number, as_text(record.raw), reasons, self._given(record))
        line = self.format.delimiter.join(csv_quoted(stored[number]) for number in self._order)
        return line.encode() + self.line_end

    def _continues_the_last(self, stored: Sequence[str | None], wrong: list[str]) -> bool:
        """Whether a row repeats the key of the valid row before it, and leaves required values out."""
        if not self._last_line or not all(reason.endswith(" is missing") for reason in wrong):
            return False
        text = io.StringIO(self._last_line.decode(), newline="")
        last = dict(zip(self.format.columns, next(csv.reader(text, delimiter=self.format.delimiter)), strict=False))
        row = dict(zip(self.dataset.columns, stored, strict=True))
        return all(row[name] == last[name] for name in self.dataset.primary_key)

    def _given(self, record: Record) -> dict[str, str] | None:
        values = self.format.given(record)
        text = "".join(chain(values, values.values()))
        if text.isprintable() and len(text) <= MAX_VALUE_CHARACTERS:
            return values or None
        return {_storable(name): _storable(value) for name, value in values.items()} or None

    def _count(self, records: int) -> None:
        self._records += records
        # So many rejected rows are too many at the next check, however good the rows before it are.
        if self.rejected > max(KEPT_REJECTS, self._next_check * self._max_rejected_percent // 100):
            self.check_share()
        if self._records >= self._next_check:
            # A fast path may take several intervals at once: the share is highest at the end of the first.
            self._check_share(self._next_check)
            self._next_check = self._records - self._records % CHECK_INTERVAL_RECORDS + CHECK_INTERVAL_RECORDS

    def _check_share(self, records: int) -> None:
        if self._not_text > ALWAYS_ALLOWED_NOT_TEXT and self._not_text * 100 > records * self._max_rejected_percent:
            raise RefusedError(
                f"The file is not UTF-8 text: {self._not_text:,} of the first {records:,} rows contain other bytes. "
                f'{self.reasons} Save it as "CSV UTF-8" and send it again, or have its encoding declared.'
            )
        if self.rejected > ALWAYS_ALLOWED_REJECTS and self.rejected * 100 > records * self._max_rejected_percent:
            raise RefusedError(
                f"Too many rows were rejected: {self.rejected:,} of the first {records:,}; the limit is "
                f"{self._max_rejected_percent} %. {self.reasons} No row of the file was loaded: correct it and send it "
                "again."
            )


def as_text(raw: bytes) -> str:
    r"""A rejected record as it is stored: without its line end, at most 4 KiB, bytes that are not UTF-8 as \xNN."""
    line = raw[: MAX_RAW_BYTES + 4].removesuffix(b"\n").removesuffix(b"\r")
    text = line.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    return text.encode()[:MAX_RAW_BYTES].decode("utf-8", "ignore")


def _storable(text: str) -> str:
    r"""The text as jsonb can store it: without NUL and unpaired surrogates, at most 1,000 characters."""
    short = text[:MAX_VALUE_CHARACTERS]
    return short if short.isprintable() else UNSTORABLE.sub(lambda match: f"\\x{ord(match[0]) & 0xFF:02x}", short)


def _readable(value: str | None) -> str | None:
    return UNSTORABLE.sub("\ufffd", value) if value else value
