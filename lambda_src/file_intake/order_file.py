"""Reads a file of orders: what kind it is, which column is which, and what becomes of each of its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import NamedTuple

from .csv_records import Lines, Record, records
from .order_row import COLUMNS, OPTIONAL_COLUMNS, check, is_plain, shown

MAX_RAW_BYTES = 4 * 1024
DELIMITERS = ",;\t"

_UTF8_BOM = b"\xef\xbb\xbf"
_SAVE_AS = 'Save it as "CSV UTF-8" and send it again.'
# How files begin that are no CSV, and what to tell their sender.
_OTHER_KINDS = (
    ((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff"), f"The file is UTF-16 or UTF-32 text. {_SAVE_AS}"),
    ((b"\x1f\x8b",), "The file is compressed with gzip. Send it uncompressed."),
    ((b"PK\x03\x04",), f"The file is a zip archive or a spreadsheet such as .xlsx. {_SAVE_AS}"),
    ((b"{", b"["), "The file is JSON. Send the orders as CSV."),
)
_COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_BAD_BYTES = re.compile("[\udc80-\udcff]+")
_MAX_NAMES_CHARACTERS = 1_000


class RefusedError(Exception):
    """The whole file can't be taken; the message is the reason, for its sender."""


class Reject(NamedTuple):
    """A row that is not loaded: where it stands, how it reads, and all that is wrong with it."""

    line_number: int
    raw: str
    reasons: list[str]


class OrderFile:
    """A CSV file of orders whose header was understood.

    Raises RefusedError where the file is no such thing. `note` says what else its sender should know, if anything.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        lines = Lines(pieces)
        first = _first_line(lines)
        delimiter, header = _header(lines, first)
        names = [value.strip().casefold() for value in header.values]
        _check_names(names)
        self.note = _note(header.values, names)
        self._records = records(lines, delimiter)
        self._width = len(names)
        # A column that is left out reads an empty value put after the others.
        self._pick = itemgetter(*(names.index(name) if name in names else self._width for name in COLUMNS))

    def rows(self) -> Iterator[str | Reject]:
        """Each row in turn: a good one as a line of PostgreSQL's COPY, its line number before its values."""
        width, pick = self._width, self._pick
        for record in self._records:
            line_number, values, fault, _ = record
            if len(values) == width and fault is None:
                values.append("")
                joined = "\t".join(pick(values))
                if is_plain(joined):
                    yield f"{line_number}\t{joined}\n"
                    continue
                del values[width:]
            row = self._second_look(record)
            if row is not None:
                yield row

    def _second_look(self, record: Record) -> str | Reject | None:
        line_number, values, fault, raw = record
        if len(values) == 1 and not values[0].strip():
            return None  # an empty line
        stored: list[str | None] = []
        reasons = [fault] if fault else []
        if b"\0" in raw:
            reasons.append("the row holds a NUL character (\\x00)")
        bad_bytes = _BAD_BYTES.search(raw.decode("utf-8", "surrogateescape"))
        if bad_bytes:
            reasons.append(f"the row is not UTF-8 text: it holds the bytes {shown(bad_bytes[0])}")
        if not fault:
            if len(values) == self._width:
                stored, wrong = check(self._pick([*values, ""]))
                reasons += wrong
            else:
                reasons.append(f"the row has {len(values)} values, and the header has {self._width} columns")
        if reasons:
            return Reject(line_number, as_text(raw), reasons)
        return f"{line_number}\t" + "\t".join((value or "").translate(_COPY_ESCAPES) for value in stored) + "\n"


def as_text(raw: bytes) -> str:
    r"""A record's bytes as they are kept: bytes that are no text as \xNN, at most 4 KiB, without its line end."""
    line = raw[: MAX_RAW_BYTES + 4].removesuffix(b"\n").removesuffix(b"\r")
    text = line.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    return text.encode()[:MAX_RAW_BYTES].decode("utf-8", "ignore")


def _first_line(lines: Lines) -> bytes:
    for line in lines:
        start = line.removeprefix(_UTF8_BOM) if lines.number == 1 else line
        for beginnings, reason in _OTHER_KINDS:
            if start.startswith(beginnings):
                raise RefusedError(reason)
        if b"\0" in start:
            raise RefusedError(f"The file is no plain text, or it is UTF-16. {_SAVE_AS}")
        if start.strip():
            return start
    raise RefusedError("The file is empty.")


def _header(lines: Lines, first: bytes) -> tuple[str, Record]:
    delimiter = max(DELIMITERS, key=lambda candidate: _known_names(first, candidate))
    if not _known_names(first, delimiter):
        raise RefusedError(f"The file is no CSV of orders: its first line names none of {', '.join(COLUMNS)}.")
    lines.give_back([first])
    header = next(records(lines, delimiter))
    if header.fault:
        raise RefusedError(f"The header can't be read: {header.fault}.")
    if _BAD_BYTES.search("".join(header.values)):
        raise RefusedError(f"The header is not UTF-8 text. {_SAVE_AS}")
    return delimiter, header


def _known_names(line: bytes, delimiter: str) -> int:
    names = {name.strip(' \t"').casefold() for name in line.decode("utf-8", "replace").strip().split(delimiter)}
    return len(names.intersection(COLUMNS))


def _check_names(names: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in names and name not in OPTIONAL_COLUMNS]
    if missing:
        raise RefusedError(_these("column", missing) + (" is missing." if len(missing) == 1 else " are missing."))
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice:
        raise RefusedError(_these("column", twice) + " stands more than once in the header.")


def _note(given: list[str], names: list[str]) -> str | None:
    ignored = [value.strip() for value, name in zip(given, names, strict=True) if name not in COLUMNS]
    return f"{_these('column', ignored)} ignored." if ignored else None


def _these(noun: str, names: list[str]) -> str:
    listed = ", ".join(name if name.isprintable() and name else shown(name) for name in names)
    if len(listed) > _MAX_NAMES_CHARACTERS:
        listed = listed[:_MAX_NAMES_CHARACTERS] + "…"
    return f"{noun.capitalize()}{'s' if len(names) > 1 else ''} {listed}"
