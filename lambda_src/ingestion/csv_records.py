"""Splits a CSV file into records. An invalid record never affects those after it."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tabular.types.column_type import BLANKS

from .content import MAX_RECORD_BYTES, Content

TOO_LONG = "the row is longer than 64 KiB, or a quote is never closed"
NEVER_CLOSED = "a quote is never closed"
AFTER_QUOTE = 'text follows a closing quote (write a quote inside a quoted value as "")'
SWALLOWS_ROWS = "a quote seems to be never closed: the value would contain whole rows"
BLANK_BEFORE_QUOTE = "there is a blank between the delimiter and a quote (write the quote directly after the delimiter)"
COPY_ESCAPE = (
    "there is a backslash as PostgreSQL's COPY writes it in its text format: export with FORMAT csv, or double quotes "
    "around the value"
)
ENDS_IN_BACKSLASH = (
    "the line ends in a backslash, so its last value may go on in the next line: write double quotes around the value"
)
LONE_CARRIAGE_RETURN = "there is a carriage return in the middle of the line"


_COPY_ESCAPE = re.compile(r"\\(?:[btnrfvN\\0-7x]|\Z)")
_ENDS_ESCAPED = re.compile(r"(?<!\\)(?:\\\\)*+\\\Z")


class CsvRecord(NamedTuple):
    """One record: the line it starts on (the first is 1), its bytes, and its values or its error.

    Bytes that are not UTF-8 appear in the values as unpaired surrogates.
    """

    line_number: int
    raw: bytes
    values: list[str]
    fault: str | None


class CsvReader:
    r"""Reads the records of a CSV file one after the other.

    Quoting follows RFC 4180; lines end in LF, CRLF or CR CR LF. If a record has invalid quoting or is too long, only
    its first line becomes an invalid record, and reading continues at the next line. A quote inside a value that does
    not start with one is an ordinary character; so is every quote unless `quoted`. A backslash is an ordinary
    character, too, unless `is_copy_text`: the file is probably PostgreSQL's text format, because it has tabs, or a
    value \N so far.

    `swallowed` gets the lines of a quoted record after its first line. If some of them look like rows, so that the
    quote was probably never closed, it returns the place where the last of these begins; otherwise None.
    `records_are_lines` says that a record counts as one line even if a value contains line ends.
    """

    def __init__(
        self,
        content: Content,
        delimiter: str,
        *,
        quoted: bool = True,
        records_are_lines: bool = False,
        swallowed: Callable[[bytes], int | None] = lambda _: None,
    ) -> None:
        self._content = content
        self._delimiter = delimiter
        self._quoted = quoted
        self._records_are_lines = records_are_lines
        self._swallowed = swallowed
        mark = re.escape(delimiter)
        value = rf'(?:"(?:[^"]|"")*+"|[^"{mark}\r\n][^{mark}\r\n]*+|)'
        blank = "[ \t]" if delimiter not in BLANKS else f"[{BLANKS.replace(delimiter, '')}]"
        # What can stand, and what can be wrong, in values without quotes, wherever they are in a record.
        end, within = rf"(?:[{mark}\r\n]|\Z)", rf"[^{mark}\r\n]"

        def anywhere(inside: str) -> re.Pattern[bytes]:
            return re.compile(rf"(?:{value}{mark})*?{inside}".encode("latin-1"))

        self._null_mark = anywhere(rf"\\N{end}")
        self._copy_escape = anywhere(
            rf'(?!\\N{end})(?!"){within}*?\\(?:[btnrfvN\\0-7x]|(?={end}))',
        )
        self._faults = [
            (anywhere(rf'{blank}++"'), BLANK_BEFORE_QUOTE),
            (anywhere(rf'(?:(?!"){within}*?(?<!\\))?(?:\\\\)*+\\\r*+\n?\Z'), ENDS_IN_BACKSLASH),
        ]
        self.is_copy_text = delimiter == "\t"
        # A record that begins before this offset, and is not complete at the end of its line, has this fault.
        self._known_until = 0
        self._known_fault = ""

    def next_record(self) -> CsvRecord | None:
        """Read the record at the position, and move the position behind it; None at the end of the file."""
        content = self._content
        line = content.line()
        if not line:
            return None
        if self._quoted and b'"' in line:
            return self._read_quoted(line)
        number = content.line_number
        content.skip_line()
        if len(line) > MAX_RECORD_BYTES:
            return CsvRecord(number, line, [], TOO_LONG)
        text = _decode(line).removesuffix("\n").rstrip("\r")
        fault = LONE_CARRIAGE_RETURN if "\r" in text else None
        values = text.split(self._delimiter)
        if "\\" in text:
            self.is_copy_text |= "\\N" in values
            if self.is_copy_text and any(map(_has_copy_escape, values)):
                fault = COPY_ESCAPE
            elif _ENDS_ESCAPED.search(text):
                fault = ENDS_IN_BACKSLASH
        return CsvRecord(number, line, values, fault)

    def _read_quoted(self, first: bytes) -> CsvRecord:
        content = self._content
        number, start = content.line_number, content.offset
        try:
            values, raw = self._parse(known_open=max(0, self._known_until - start))
            if (row := self._swallowed(raw[len(first) :])) is not None:
                raise _FaultError(SWALLOWS_ROWS, known_open=len(first) + row)
        except _FaultError as error:
            if start + error.known_open > self._known_until:
                self._known_until, self._known_fault = start + error.known_open, error.fault
            content.skip_line()
            return CsvRecord(number, first, [], error.fault)
        content.advance(len(raw), lines=1 if self._records_are_lines else raw.count(b"\n"))
        return CsvRecord(number, raw, values, self._fault(raw))

    def _fault(self, raw: bytes) -> str | None:
        """What is wrong in the values without quotes of a record that has some with quotes."""
        if b"\\" in raw:
            self.is_copy_text |= self._null_mark.match(raw) is not None
            if self.is_copy_text and self._copy_escape.match(raw):
                return COPY_ESCAPE
        return next((fault for wrong, fault in self._faults if wrong.match(raw)), None)

    def _parse(self, *, known_open: int) -> tuple[list[str], bytes]:
        """The values of the record at the position, and its bytes. Raises _FaultError.

        An earlier record, which began before this one, was read up to `known_open`, and was inside quotes at the end of
        every line. So is this record, and both have the same fault. Without this, a file of quotes that are never
        closed would be read thousands of times.
        """
        taken: list[bytes] = []
        size = 0

        def parts() -> Iterator[str]:
            nonlocal size
            # Lines without a quote can't close one, so they are read together.
            while part := self._content.lines_through(b'"', size):
                taken.append(part)
                if size + len(part) > MAX_RECORD_BYTES:
                    raise _FaultError(TOO_LONG, known_open=size + part.rfind(b"\n", 0, -1) + 1)
                yield _decode(part)
                size = max(size + len(part), known_open)
                if known_open and self._known_fault != TOO_LONG:
                    raise _FaultError(self._known_fault, known_open=0)

        try:
            values = next(csv.reader(parts(), delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            raise _FaultError(_fault(str(error)), known_open=size) from None
        # Lines were skipped up to `known_open`, but the quote is closed: read all of them.
        return self._parse(known_open=0) if known_open and len(taken) > 1 else (values, b"".join(taken))


class _FaultError(Exception):
    """A record can't be read. In its first `known_open` bytes, each line ends inside quotes."""

    def __init__(self, fault: str, *, known_open: int) -> None:
        super().__init__(fault)
        self.fault = fault
        self.known_open = known_open


def _has_copy_escape(value: str) -> bool:
    return value != "\\N" and bool(_COPY_ESCAPE.search(value))


def _fault(message: str) -> str:
    if "unexpected end" in message:
        return NEVER_CLOSED
    if "new-line" in message:
        return LONE_CARRIAGE_RETURN
    return AFTER_QUOTE


def _decode(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")
