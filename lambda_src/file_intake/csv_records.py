"""Cuts a CSV file into records, in constant memory, and never lets one bad record spoil those after it."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_RECORD_BYTES = 64 * 1024

TOO_LONG = "the row is longer than 64 KiB, or a quote in it is opened and never closed"
NEVER_CLOSED = "a quote is opened and never closed"
AFTER_QUOTE = "text follows a closing quote (a quote within a quoted value is written twice)"
LONE_CARRIAGE_RETURN = "a carriage return stands in the middle of the line"


class Record(NamedTuple):
    """One record: the line it starts on (the first is 1), its values or what is wrong with it, its bytes.

    Bytes that are no UTF-8 stand in the values as lone surrogates.
    """

    line_number: int
    values: list[str]
    fault: str | None
    raw: bytes


class Lines:
    """The physical lines of a file, each with its line end; lines may be given back to be read again.

    Of a line longer than a record may be, only the beginning is kept: one byte more than is allowed.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._fresh = _split(pieces)
        self._again: deque[bytes] = deque()
        self.number = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        line = self._again.popleft() if self._again else next(self._fresh)
        self.number += 1
        return line

    def give_back(self, lines: list[bytes]) -> None:
        """Read the last few lines again, as if they had not been read."""
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)


def records(lines: Lines, delimiter: str) -> Iterator[Record]:
    """Every record of the lines that are left, RFC 4180's quoting understood; lines end in LF or CRLF.

    A record whose quoting is broken, or that is too long, is one faulty record of its first line alone; reading resumes
    at the next line. A quote within a value that did not start with one is an ordinary character.
    """
    for line in lines:
        if b'"' in line:
            yield _quoted(line, lines, delimiter)
        elif len(line) > MAX_RECORD_BYTES:
            yield Record(lines.number, [], TOO_LONG, line)
        else:
            text = _decode(line).removesuffix("\n").removesuffix("\r")
            fault = LONE_CARRIAGE_RETURN if "\r" in text else None
            yield Record(lines.number, text.split(delimiter), fault, line)


def _quoted(first: bytes, lines: Lines, delimiter: str) -> Record:
    number = lines.number
    taken: list[bytes] = []

    def feed() -> Iterator[str]:
        size = 0
        line: bytes | None = first
        while line is not None:
            taken.append(line)
            size += len(line)
            if size > MAX_RECORD_BYTES:
                raise _TooLongError
            yield _decode(line)
            line = next(lines, None)

    try:
        values = next(csv.reader(feed(), delimiter=delimiter, strict=True))
        # The csv module takes any number of carriage returns for one line end.
        fault = LONE_CARRIAGE_RETURN if taken[-1].removesuffix(b"\n").endswith(b"\r\r") else None
        return Record(number, values, fault, b"".join(taken))
    except _TooLongError:
        fault = TOO_LONG
    except csv.Error as error:
        fault = _fault(str(error))
    lines.give_back(taken[1:])
    return Record(number, [], fault, first)


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


def _split(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    skipping = False
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            if not skipping:
                yield line + b"\n"
            skipping = False
        if len(rest) > MAX_RECORD_BYTES:
            if not skipping:
                yield rest[: MAX_RECORD_BYTES + 1]
            skipping = True
            rest = b""
    if rest and not skipping:
        yield rest
