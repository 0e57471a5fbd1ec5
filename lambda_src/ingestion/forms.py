"""The kinds of order files, and how the records of each are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from . import csv_records, json_records, sieve
from .content import Content
from .order_row import COLUMNS, OPTIONAL_COLUMNS, shown
from .refusal import RefusedError

DELIMITERS = ",;\t"

_UTF8_BOM = b"\xef\xbb\xbf"
_SAVE_AS = 'Save it as "CSV UTF-8" and send it again.'
# How files begin that can't be read, and what to tell their sender.
_OTHER_KINDS = (
    ((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff"), f"The file is UTF-16 or UTF-32 text. {_SAVE_AS}"),
    ((b"PK\x03\x04",), f"The file is a zip archive or a spreadsheet such as .xlsx. {_SAVE_AS}"),
    ((b"\x1f\x8b",), "The file is compressed twice: compress it once, or not at all."),
    ((b"[",), "The file is a JSON array. Send JSON Lines: one object a line, with no brackets or commas between them."),
)
BAD_BYTES = re.compile("[\udc80-\udcff]+")  # what is no UTF-8, decoded with "surrogateescape"
_MAX_NAMES = 100
_MAX_NAMES_CHARACTERS = 1_000
_MAX_LAYOUTS = 8
# A pattern takes a millisecond to compile for each name, and kilobytes: a file of more is read row by row.
_MAX_SIEVED_NAMES = 100


class Record(NamedTuple):
    """A record of any kind of file, its values in the order of COLUMNS; one that is blank has none, and no fault."""

    line_number: int
    raw: bytes
    values: Sequence[str | None]
    faults: list[str]


class Form(Protocol):
    """A kind of file, and how its records are read."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the lines for COPY."""

    @property
    def delimiter(self) -> str:
        """What stands between the values of the lines for COPY."""

    @property
    def sieves(self) -> Sequence[sieve.Sieve]:
        """What good rows may run through."""

    def next_record(self, content: Content) -> Record | None:
        """The record at the place of reading, None at the end of the file."""

    def learn(self, record: Record) -> None:
        """Look at a record that turned out good."""

    @property
    def note(self) -> str | None:
        """What else the file's sender should know, if anything."""


def form_of(content: Content, file_id: int) -> Form:
    """What kind of file it is; the place of reading is then before its first record."""
    first = _first_line(content)
    if first.startswith(b"{"):
        return _JsonLines(file_id)
    delimiter = max(DELIMITERS, key=lambda candidate: _known_names(first, candidate))
    if not _known_names(first, delimiter):
        raise RefusedError(
            "The file is no file of orders: it is not JSON Lines, and its first line names none of the columns "
            f"{', '.join(COLUMNS)}."
        )
    header = csv_records.next_record(content, delimiter)
    if header is None or header.fault:
        raise RefusedError(f"The header can't be read: {header.fault if header else 'it is missing'}.")
    if BAD_BYTES.search("".join(header.values)):
        raise RefusedError(f"The header is not UTF-8 text. {_SAVE_AS}")
    return _Csv(header, delimiter, file_id)


def _first_line(content: Content) -> bytes:
    if content.line().startswith(_UTF8_BOM):
        content.pass_by(len(_UTF8_BOM), lines=0)
    while line := content.line():
        for beginnings, reason in _OTHER_KINDS:
            if line.startswith(beginnings):
                raise RefusedError(reason)
        if b"\0" in line:
            raise RefusedError(f"The file is no plain text, or it is UTF-16. {_SAVE_AS}")
        if line.strip():
            return line
        content.pass_line()
    raise RefusedError("The file is empty.")


class _Csv:
    """Comma, semicolon or tab between values; the first line names the columns, in any order, others among them."""

    def __init__(self, header: csv_records.CsvRecord, delimiter: str, file_id: int) -> None:
        names = [value.strip().casefold() for value in header.values]
        _check_names(names)
        self.delimiter = delimiter
        self.note = _note([value for value, name in zip(header.values, names, strict=True) if name not in COLUMNS])
        self.columns = COLUMNS if self.note else tuple(names)
        run = len(names) <= _MAX_SIEVED_NAMES
        self.sieves = [sieve.of_csv(names, delimiter, line_end(delimiter, file_id))] if run else []
        self._width = len(names)
        # A column that is left out reads an empty value put after the others.
        self._pick = [names.index(name) if name in names else self._width for name in COLUMNS]

    def next_record(self, content: Content) -> Record | None:
        record = csv_records.next_record(content, self.delimiter)
        if record is None:
            return None
        line_number, raw, values, fault = record
        if fault:
            return Record(line_number, raw, (), [fault])
        if len(values) == self._width:
            values.append("")
            return Record(line_number, raw, [values[number] for number in self._pick], [])
        if len(values) == 1 and not values[0].strip():
            return Record(line_number, raw, (), [])
        fault = f"the row has {len(values)} values, and the header has {self._width} columns"
        return Record(line_number, raw, (), [fault])

    def learn(self, record: Record) -> None:
        """The header told all."""


class _JsonLines:
    """One JSON object a line, its members in any order and with others between."""

    columns: tuple[str, ...] = COLUMNS
    delimiter = ","

    def __init__(self, file_id: int) -> None:
        self.sieves: list[sieve.Sieve] = []
        self._layouts: set[tuple[tuple[bytes, str], ...]] = set()
        self._line_end = line_end(self.delimiter, file_id)
        self._extra: dict[str, None] = {}

    def next_record(self, content: Content) -> Record | None:
        record = json_records.next_record(content)
        if record is None:
            return None
        line_number, raw, values, faults, extra = record
        if not raw.strip():
            return Record(line_number, raw, (), [])
        if values is None:
            return Record(line_number, raw, (), faults)
        if len(self._extra) < _MAX_NAMES:
            self._extra.update(dict.fromkeys(extra))
        return Record(line_number, raw, [values.get(name, "") for name in COLUMNS], faults)

    def learn(self, record: Record) -> None:
        """Let lines of the same layout run through from now on."""
        members = json_records.layout(record.raw) if len(self._layouts) < _MAX_LAYOUTS else None
        if members and len(members) <= _MAX_SIEVED_NAMES and members not in self._layouts:
            self._layouts.add(members)
            self.sieves.append(sieve.of_json(members, self._line_end))

    @property
    def note(self) -> str | None:
        return _note(list(self._extra))


def line_end(delimiter: str, file_id: int) -> bytes:
    """What ends each line for COPY: the column of the file."""
    return f"{delimiter}{file_id}\n".encode()


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


def _note(ignored: list[str]) -> str | None:
    return f"{_these('column', [name.strip() for name in ignored])} ignored." if ignored else None


def _these(noun: str, names: list[str]) -> str:
    listed = ", ".join(name if name.isprintable() and name else shown(name) for name in names)
    if len(listed) > _MAX_NAMES_CHARACTERS:
        listed = listed[:_MAX_NAMES_CHARACTERS] + "…"
    return f"{noun.capitalize()}{'s' if len(names) > 1 else ''} {listed}"
