"""The formats of order files: which one a file has, and how its records are read."""

from __future__ import annotations

import re

from . import csv_records, fast_path, json_records
from .content import Content, Record
from .order_row import COLUMNS, OPTIONAL_COLUMNS, quote
from .refusal import RefusedError

DELIMITERS = ",;\t"

_UTF8_BOM = b"\xef\xbb\xbf"
_SAVE_AS = 'Save it as "CSV UTF-8" and send it again.'
# The first bytes of files that can't be read, and the reason for their sender.
_UNSUPPORTED = (
    ((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff"), f"The file is UTF-16 or UTF-32 text. {_SAVE_AS}"),
    ((b"PK\x03\x04",), f"The file is a zip archive or a spreadsheet such as .xlsx. {_SAVE_AS}"),
    ((b"\x1f\x8b",), "The file is compressed twice: compress it once, or not at all."),
    (
        (b"[",),
        "The file is a JSON array. Send JSON Lines: one object per line, without the brackets and commas.",
    ),
)
BAD_BYTES = re.compile("[\udc80-\udcff]+")  # not UTF-8, decoded with "surrogateescape"
_MAX_NAMES = 100
_MAX_NAMES_CHARACTERS = 1_000
_MAX_LAYOUTS = 8
# For each name, a pattern takes a millisecond to compile and some kilobytes. Files with more names are read row by row.
_MAX_FAST_PATH_NAMES = 100


def detect_format(content: Content, file_id: int) -> Format:
    """The file's format; moves the position before its first record. Raises RefusedError if there is none."""
    first = _first_line(content)
    if first.startswith(b"{"):
        return _JsonLines(file_id)
    delimiter = max(DELIMITERS, key=lambda candidate: _known_names(first, candidate))
    if not _known_names(first, delimiter):
        raise RefusedError(
            "The format is not recognized: the file is not JSON Lines, and its first line names none of the columns "
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
        content.advance(len(_UTF8_BOM), lines=0)
    while line := content.line():
        for beginnings, reason in _UNSUPPORTED:
            if line.startswith(beginnings):
                raise RefusedError(reason)
        if b"\0" in line:
            raise RefusedError(f"The file is not plain text, or it is UTF-16. {_SAVE_AS}")
        if line.strip():
            return line
        content.skip_line()
    raise RefusedError("The file is empty.")


class _Csv:
    """Values separated by comma, semicolon or tab. The first line names the columns; unknown ones are ignored.

    `columns` and `delimiter` are those of the lines for COPY, `fast_paths` are tried in this order, and `note` is for
    the sender.
    """

    def __init__(self, header: csv_records.CsvRecord, delimiter: str, file_id: int) -> None:
        names = [value.strip().casefold() for value in header.values]
        _check_names(names)
        self.delimiter = delimiter
        self.note = _note([value for value, name in zip(header.values, names, strict=True) if name not in COLUMNS])
        self.columns = COLUMNS if self.note else tuple(names)
        few = len(names) <= _MAX_FAST_PATH_NAMES
        self.fast_paths = [fast_path.for_csv(names, delimiter, line_end(delimiter, file_id))] if few else []
        self._width = len(names)
        # For a column that is left out, an empty value is appended to each row.
        self._pick = [names.index(name) if name in names else self._width for name in COLUMNS]

    def next_record(self, content: Content) -> Record | None:
        """Read the record at the position; None at the end of the file."""
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
        fault = f"the row has {len(values)} values, but the header has {self._width} columns"
        return Record(line_number, raw, (), [fault])

    def learn(self, record: Record) -> None:
        """Nothing to learn: the header describes every row."""


class _JsonLines:
    """One JSON object per line, its members in any order; unknown ones are ignored. Has the attributes of `_Csv`."""

    columns = COLUMNS
    delimiter = ","

    def __init__(self, file_id: int) -> None:
        self.fast_paths: list[fast_path.FastPath] = []
        self._layouts: set[tuple[tuple[bytes, str], ...]] = set()
        self._line_end = line_end(self.delimiter, file_id)
        self._extra: dict[str, None] = {}

    def next_record(self, content: Content) -> Record | None:
        """Read the line at the position; None at the end of the file."""
        found = json_records.next_record(content)
        if found is None:
            return None
        record, extra = found
        if len(self._extra) < _MAX_NAMES:
            self._extra.update(dict.fromkeys(extra))
        return record

    def learn(self, record: Record) -> None:
        """Add a fast path for lines with the same layout."""
        members = json_records.layout(record.raw) if len(self._layouts) < _MAX_LAYOUTS else None
        if members and len(members) <= _MAX_FAST_PATH_NAMES and members not in self._layouts:
            self._layouts.add(members)
            self.fast_paths.append(fast_path.for_json(members, self._line_end))

    @property
    def note(self) -> str | None:
        """The names that were ignored so far."""
        return _note(list(self._extra))


Format = _Csv | _JsonLines


def line_end(delimiter: str, file_id: int) -> bytes:
    """The end of each line for COPY: the value of the column file_id."""
    return f"{delimiter}{file_id}\n".encode()


def _known_names(line: bytes, delimiter: str) -> int:
    names = {name.strip(' \t"').casefold() for name in line.decode("utf-8", "replace").strip().split(delimiter)}
    return len(names.intersection(COLUMNS))


def _check_names(names: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in names and name not in OPTIONAL_COLUMNS]
    if missing:
        raise RefusedError(f"{_columns(missing)} {'is' if len(missing) == 1 else 'are'} missing.")
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice:
        raise RefusedError(
            f"{_columns(twice)} {'occurs' if len(twice) == 1 else 'occur'} more than once in the header."
        )


def _note(ignored: list[str]) -> str | None:
    if not ignored:
        return None
    return f"{_columns([name.strip() for name in ignored])} {'was' if len(ignored) == 1 else 'were'} ignored."


def _columns(names: list[str]) -> str:
    listed = ", ".join(name if name.isprintable() and name else quote(name) for name in names)
    if len(listed) > _MAX_NAMES_CHARACTERS:
        listed = listed[:_MAX_NAMES_CHARACTERS] + "…"
    return f"Column{'s' if len(names) > 1 else ''} {listed}"
