"""The formats of files: which one a file has, and how its records are read."""

from __future__ import annotations

import csv
import re
from difflib import get_close_matches

from common.datasets.declaration import Dataset, folded
from common.datasets.types import quote

from . import csv_records, fast_path, json_records
from .content import Content, Record
from .refusal import RefusedError
from .row_rules import check

DELIMITERS = ",;\t|"

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
_SEPARATOR_LINE = re.compile(rb'"?sep=(.)"?\r?\n')  # Excel's own hint before the header
_MAX_NAMES = 100
_MAX_NAMES_CHARACTERS = 1_000
_MAX_LAYOUTS = 8
# For each name, a pattern takes a millisecond to compile and some kilobytes. Files with more names are read row by row.
_MAX_FAST_PATH_NAMES = 100


def detect_format(dataset: Dataset, content: Content, file_id: int) -> Format:
    """The file's format; moves the position before its first record. Raises RefusedError if there is none."""
    first = _first_line(content)
    if first.lstrip().startswith(b"{"):
        return _JsonLines(dataset, file_id)
    delimiter = max(DELIMITERS, key=lambda candidate: _known_names(dataset, first, candidate))
    if hint := _SEPARATOR_LINE.fullmatch(first):
        content.skip_line()
        delimiter = hint[1].decode("latin-1")
        first = content.line()
    if not _known_names(dataset, first, delimiter):
        raise RefusedError(
            "The format is not recognized: the file is not JSON Lines, and its first line names none of the columns "
            f"{', '.join(dataset.columns)}. The first line is {quote(first.decode('utf-8', 'surrogateescape').strip())}."
        )
    header = csv_records.next_record(content, delimiter, quoted=dataset.quoted)
    if header is None or header.fault:
        raise RefusedError(f"The header can't be read: {header.fault if header else 'it is missing'}.")
    if BAD_BYTES.search("".join(header.values)):
        raise RefusedError(f"The header is not UTF-8 text. {_SAVE_AS}")
    return _Csv(dataset, header, delimiter, file_id)


def _first_line(content: Content) -> bytes:
    while content.line().startswith(_UTF8_BOM):
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
    """Values separated by a delimiter. The first line names the columns; unknown ones are ignored.

    `columns` and `delimiter` are those of the lines for COPY, `fast_paths` are tried in this order, `date_order` is
    what PostgreSQL must read, and `note` is for the sender.
    """

    def __init__(self, dataset: Dataset, header: csv_records.CsvRecord, delimiter: str, file_id: int) -> None:
        self._dataset = dataset
        self._header = [value.strip() for value in header.values]
        names = [dataset.names_in_files.get(folded(value)) for value in self._header]
        _check_names(dataset, names, self._header)
        self.delimiter = delimiter
        self.note = _note([value for value, name in zip(self._header, names, strict=True) if name is None and value])
        fields = [dataset.by_name[name] if name else None for name in names]
        self.columns = tuple(name for name in names if name)
        self.date_order = fast_path.date_order(fields)
        few = len(names) <= _MAX_FAST_PATH_NAMES
        self.fast_paths = (
            [fast_path.for_csv(dataset, fields, delimiter, line_end(delimiter, file_id))] if few else []
        )
        self._width = len(names)
        # For a column that is left out, an empty value is appended to each row.
        self._pick = [names.index(name) if name in names else self._width for name in dataset.columns]
        # From this number on, the columns may be left off at the end of a row.
        self._optional_from = 1 + max(number for number, field in enumerate(fields) if field and field.required)

    def next_record(self, content: Content) -> Record | None:
        """Read the record at the position; None at the end of the file."""
        record = csv_records.next_record(content, self.delimiter, quoted=self._dataset.quoted, is_row=self._is_row)
        if record is None:
            return None
        line_number, raw, values, fault = record
        if fault:
            return Record(line_number, raw, (), [fault])
        if not any(value.strip(" \t\r\x1a") for value in values):
            return Record(line_number, raw, (), [])
        given = len(values)
        if given > self._width and not any(value.strip() for value in values[self._width :]):
            del values[self._width :]
        if self._optional_from <= len(values) < self._width:
            values += [""] * (self._width - len(values))
        if len(values) != self._width:
            fault = f"the row has {given} values, but the header has {self._width} columns"
            return Record(line_number, raw, (), [fault], values)
        return Record(line_number, raw, [[*values, ""][number] for number in self._pick], [], values)

    def given(self, record: Record) -> dict[str, str]:
        """The record's values by the names in the header."""
        return dict(zip(self._header, map(str, record.values_in_file), strict=False))

    def _is_row(self, line: str) -> bool:
        """Whether a line would be a valid row of its own."""
        try:
            values = next(csv.reader([line], delimiter=self.delimiter), [])
        except csv.Error:
            return False
        # The last line of a quoted value has the quote that closes it.
        if len(values) != self._width or any('"' in value for value in values):
            return False
        values.append("")
        return not check(self._dataset, [values[number] for number in self._pick])[1]

    def learn(self, record: Record) -> None:
        """Nothing to learn: the header describes every row."""


class _JsonLines:
    """One JSON object per line, its members in any order; unknown ones are ignored. Has the attributes of `_Csv`."""

    delimiter = ","
    date_order = "YMD"

    def __init__(self, dataset: Dataset, file_id: int) -> None:
        self._dataset = dataset
        self.columns = dataset.columns
        self.fast_paths: list[fast_path.FastPath] = []
        self._layouts: set[tuple[tuple[bytes, str | None], ...]] = set()
        self._line_end = line_end(self.delimiter, file_id)
        self._extra: dict[str, None] = {}

    def next_record(self, content: Content) -> Record | None:
        """Read the line at the position; None at the end of the file."""
        found = json_records.next_record(self._dataset, content)
        if found is None:
            return None
        record, extra = found
        if len(self._extra) < _MAX_NAMES:
            self._extra.update(dict.fromkeys(extra))
        return record

    def given(self, record: Record) -> dict[str, str]:
        """The record's values by the names in its line."""
        return json_records.given(record.values_in_file)

    def learn(self, record: Record) -> None:
        """Add a fast path for lines with the same layout."""
        members = json_records.layout(self._dataset, record.raw) if len(self._layouts) < _MAX_LAYOUTS else None
        if members and len(members) <= _MAX_FAST_PATH_NAMES and members not in self._layouts:
            self._layouts.add(members)
            fields = [(before, self._dataset.by_name[name] if name else None) for before, name in members]
            self.fast_paths.append(fast_path.for_json(self._dataset, fields, self._line_end))

    @property
    def note(self) -> str | None:
        """The names that were ignored so far."""
        return _note(list(self._extra))


Format = _Csv | _JsonLines


def line_end(delimiter: str, file_id: int) -> bytes:
    """The end of each line for COPY: the value of the column file_id."""
    return f"{delimiter}{file_id}\n".encode()


def _known_names(dataset: Dataset, line: bytes, delimiter: str) -> int:
    names = {folded(name.strip(' \t"')) for name in line.decode("utf-8", "replace").strip().split(delimiter)}
    return len(names.intersection(dataset.names_in_files))


def _check_names(dataset: Dataset, names: list[str | None], header: list[str]) -> None:
    missing = [each for each in dataset.columns if each not in names and each in dataset.required_columns]
    if missing:
        unknown = [given for given, name in zip(header, names, strict=True) if name is None and given]
        raise RefusedError(
            f"{_columns(missing)} {'is' if len(missing) == 1 else 'are'} missing. {_near(dataset, missing, unknown)}"
        )
    twice = [name for name in dataset.columns if names.count(name) > 1]
    if twice:
        raise RefusedError(
            f"{_columns(twice)} {'occurs' if len(twice) == 1 else 'occur'} more than once in the header."
        )


def _near(dataset: Dataset, missing: list[str], unknown: list[str]) -> str:
    """What the header has instead of the missing columns."""
    if not unknown:
        return "The header has no other columns."
    by_folded = {folded(each): each for each in unknown}
    hints = []
    for name in missing:
        for near in get_close_matches(name, by_folded, 1, 0.6):
            hints.append(f"{quote(by_folded[near])}: did you mean {name}? Rename it, or declare it as an alias.")
    return " ".join([f"Found instead: {_list(unknown)}.", *hints])


def _note(ignored: list[str]) -> str | None:
    if not ignored:
        return None
    return f"{_columns([name.strip() for name in ignored])} {'was' if len(ignored) == 1 else 'were'} ignored."


def _columns(names: list[str]) -> str:
    return f"Column{'s' if len(names) > 1 else ''} {_list(names)}"


def _list(names: list[str]) -> str:
    listed = ", ".join(name if name.isprintable() and name else quote(name) for name in names)
    return listed if len(listed) <= _MAX_NAMES_CHARACTERS else listed[:_MAX_NAMES_CHARACTERS] + "…"
