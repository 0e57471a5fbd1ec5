"""Splits a CSV file into records. An invalid record never affects those after it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import NamedTuple

from .content import MAX_RECORD_BYTES, Content

TOO_LONG = "the row is longer than 64 KiB, or a quote is never closed"
NEVER_CLOSED = "a quote is never closed"
AFTER_QUOTE = 'text follows a closing quote (write a quote inside a quoted value as "")'
LONE_CARRIAGE_RETURN = "there is a carriage return in the middle of the line"


class CsvRecord(NamedTuple):
    """One record: the line it starts on (the first is 1), its bytes, and its values or its error.

    Bytes that are not UTF-8 appear in the values as unpaired surrogates.
    """

    line_number: int
    raw: bytes
    values: list[str]
    fault: str | None


def next_record(content: Content, delimiter: str) -> CsvRecord | None:
    """Read the record at the position, and move the position behind it; None at the end of the file.

    Quoting follows RFC 4180; lines end in LF or CRLF. If a record has invalid quoting or is too long, only its first
    line becomes an invalid record, and reading continues at the next line. A quote inside a value that does not start
    with one is an ordinary character.
    """
    line = content.line()
    if not line:
        return None
    if b'"' in line:
        return _quoted(line, content, delimiter)
    number = content.line_number
    content.skip_line()
    if len(line) > MAX_RECORD_BYTES:
        return CsvRecord(number, line, [], TOO_LONG)
    text = _decode(line).removesuffix("\n").removesuffix("\r")
    return CsvRecord(number, line, text.split(delimiter), LONE_CARRIAGE_RETURN if "\r" in text else None)


def _quoted(first: bytes, content: Content, delimiter: str) -> CsvRecord:
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
        # The csv module accepts any number of carriage returns in one line end.
        if not raw.removesuffix(b"\n").endswith(b"\r\r"):
            content.advance(len(raw), lines=len(taken))
            return CsvRecord(number, raw, values, None)
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
