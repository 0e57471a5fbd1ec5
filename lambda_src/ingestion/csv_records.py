"""Splits a CSV file into records. An invalid record never affects those after it."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

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
LONE_CARRIAGE_RETURN = "there is a carriage return in the middle of the line"


_COPY_ESCAPE = re.compile(r"\\[btnrfvN\\0-7x]")


class CsvRecord(NamedTuple):
    """One record: the line it starts on (the first is 1), its bytes, and its values or its error.

    Bytes that are not UTF-8 appear in the values as unpaired surrogates.
    """

    line_number: int
    raw: bytes
    values: list[str]
    fault: str | None


def next_record(
    content: Content, delimiter: str, *, quoted: bool = True, is_row: Callable[[str], bool] = lambda _: False
) -> CsvRecord | None:
    """Read the record at the position, and move the position behind it; None at the end of the file.

    Quoting follows RFC 4180; lines end in LF or CRLF. If a record has invalid quoting or is too long, only its first
    line becomes an invalid record, and reading continues at the next line. A quote inside a value that does not start
    with one is an ordinary character; so is every quote unless `quoted`. `is_row` says whether a line looks like a row:
    no quoted value contains one, so its quote was never closed.
    """
    line = content.line()
    if not line:
        return None
    if quoted and b'"' in line:
        return _quoted(line, content, delimiter, is_row)
    number = content.line_number
    content.skip_line()
    if len(line) > MAX_RECORD_BYTES:
        return CsvRecord(number, line, [], TOO_LONG)
    text = _decode(line).removesuffix("\n").removesuffix("\r")
    values = text.split(delimiter)
    fault = LONE_CARRIAGE_RETURN if "\r" in text.rstrip("\r\x1a") else None
    if delimiter == "\t" and "\\" in text and any(_COPY_ESCAPE.search(value) for value in values if value != "\\N"):
        fault = COPY_ESCAPE
    return CsvRecord(number, line, values, fault)


def _quoted(first: bytes, content: Content, delimiter: str, is_row: Callable[[str], bool]) -> CsvRecord:
    number = content.line_number
    taken: list[bytes] = []

    def lines() -> Iterator[str]:
        size = 0
        while line := content.line(size):
            taken.append(line)
            size += len(line)
            if size > MAX_RECORD_BYTES:
                raise _TooLongError
            yield _decode(line)

    try:
        values = next(csv.reader(lines(), delimiter=delimiter, strict=True))
    except _TooLongError:
        fault = TOO_LONG
    except csv.Error as error:
        fault = _fault(str(error))
    else:
        raw = b"".join(taken)
        if any(is_row(_decode(line)) for line in taken[1:]):
            content.skip_line()
            return CsvRecord(number, first, [], SWALLOWS_ROWS)
        blank = any(value[:1] in (" ", "\t") and value.lstrip(" \t").startswith('"') for value in values)
        # The csv module accepts any number of carriage returns in one line end.
        if not raw.removesuffix(b"\n").endswith(b"\r\r"):
            content.advance(len(raw), lines=len(taken))
            return CsvRecord(number, raw, values, BLANK_BEFORE_QUOTE if blank else None)
        fault = LONE_CARRIAGE_RETURN
    content.skip_line()
    return CsvRecord(number, first, [], fault)


class _TooLongError(Exception):
    pass


def _fault(message: str) -> str:
    if "unexpected end" in message:
        return NEVER_CLOSED
    if "new-line" in message:
        return LONE_CARRIAGE_RETURN
    return AFTER_QUOTE


def _decode(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")
