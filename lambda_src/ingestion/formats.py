"""The formats of files: which one a file has, and how its records are read."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import partial

from tabular.declaration import Dataset, Field, folded
from tabular.types import quote

from . import fast_path, json_objects, json_records, kinds, spreadsheet, text_encoding
from .column_path import ColumnPath, CsvRows, JsonRows
from .content import MAX_RECORD_BYTES, Content, Record
from .csv_records import CsvReader, CsvRecord
from .json_records import MAX_FAST_PATH_NAMES, MAX_LAYOUTS
from .refusal import RefusedError
from .row_rules import check, check_value, is_missing

DELIMITERS = ",;\t|"

BAD_BYTES = re.compile("[\udc80-\udcff]+")  # not UTF-8, decoded with "surrogateescape"
_EMPTY_LINES = re.compile(rb"(?:[ \t]*+\r*+\n)++")
_SEPARATOR_LINE = re.compile(rb'"?sep=([!#-/:-@\[-`{-~ \t])"?\r?\n')  # Excel's own hint before the header
_MAX_LINES_BEFORE_HEADER = 50
_SURE_VALUES = 2  # so many values with the types of their columns make a line of a quoted value a row
_MAX_NAMES = 100
_MAX_NAMES_CHARACTERS = 1_000
_EAGER_LAYOUTS = 100  # after so many lines with a usual layout, only every hundredth is looked at
_REPEATED = "the row is the header again"
_ROWS_TO_TELL = 100


def detect_format(dataset: Dataset, content: Content, file_id: int) -> Format:
    """The file's format; moves the position before its first record. Raises RefusedError if it is not supported."""
    beginning = content.beginning(kinds.BEGINNING_BYTES)
    kinds.refuse_known(beginning)
    workbook = spreadsheet.Workbook(dataset) if beginning.startswith(spreadsheet.MAGIC) else None
    if workbook:
        content.replace_rest(workbook.csv_lines)
    else:
        encoding = text_encoding.encoding(beginning, dataset.encoding)
        if encoding not in ("utf-8", "utf-16"):
            content.replace_rest(partial(text_encoding.refuse_utf8, encoding=encoding))
        if encoding != "utf-8":
            content.replace_rest(partial(text_encoding.as_utf8, encoding=encoding))
        content.replace_rest(text_encoding.without_end_mark)
    _skip_to_first_line(content)
    if not workbook and json_objects.are_objects(content.beginning()):
        content.replace_rest(json_objects.json_lines)
        return _JsonLines(dataset, content, file_id)
    first = content.line()
    if not workbook and first.lstrip().startswith(b"{"):
        return _JsonLines(dataset, content, file_id)
    delimiter = ","
    if not workbook and (hint := _SEPARATOR_LINE.fullmatch(first)):
        content.skip_line()
        _skip_to_first_line(content)
        delimiter = hint[1].decode()
    elif not workbook:
        delimiter = max(DELIMITERS, key=lambda each: len(_known_names(dataset, first, each)))
    _refuse_lines_before_header(dataset, content, delimiter)
    header = CsvReader(content, delimiter, quoted=dataset.quoted).next_record()
    if header is None or header.fault:
        raise RefusedError(f"The header can't be read: {header.fault if header else 'it is missing'}. {kinds.SAVE_AS}")
    if BAD_BYTES.search("".join(header.values)):
        raise RefusedError(f"The header is not UTF-8 text. {kinds.SAVE_AS}")
    return _Csv(dataset, header, content, delimiter=delimiter, file_id=file_id, workbook=workbook)


def _skip_to_first_line(content: Content) -> None:
    """Move the position behind byte order marks and empty lines."""
    while content.beginning(len(text_encoding.UTF8_MARK)) == text_encoding.UTF8_MARK:
        content.advance(len(text_encoding.UTF8_MARK), lines=0)
    while content.fill():
        if content.skip(_EMPTY_LINES):
            continue
        if b"\0" in content.line():
            raise RefusedError(f"The file is not plain text, or it is UTF-16 without its mark. {kinds.SAVE_AS}")
        if content.line().strip():
            return
        content.skip_line()
    raise RefusedError("The file is empty.")


def _refuse_lines_before_header(dataset: Dataset, content: Content, delimiter: str) -> None:
    """Raise RefusedError if the line at the position is no header. The reason names the line that looks like one."""
    lines = content.beginning().split(b"\n")[:_MAX_LINES_BEFORE_HEADER]
    if dataset.required_columns <= _known_names(dataset, lines[0], delimiter):
        return
    for number, line in enumerate(lines[1:], content.line_number + 1):
        if any(dataset.required_columns <= _known_names(dataset, line, each) for each in DELIMITERS):
            raise RefusedError(
                f"The header must be the first line, but line {number} looks like it: delete the lines before it."
            )
    if not _known_names(dataset, lines[0], delimiter):
        raise RefusedError(
            "The format is not recognized: the file is not JSON, and its first line, which must be the header, names "
            f"none of the columns {', '.join(dataset.columns)}. The first line is "
            f"{quote(lines[0].decode('utf-8', 'surrogateescape').strip())}."
        )


class _Csv:
    """Values separated by a delimiter. The first line names the columns; unknown ones are ignored.

    `columns` and `delimiter` are those of the lines for COPY. `fast_paths` are tried in this order, then `column_path`
    if there is one. `blank_lines` matches lines that are no rows, `date_order` is the order of dates that PostgreSQL
    must read, and `note` is for the sender.
    """

    def __init__(
        self,
        dataset: Dataset,
        header: CsvRecord,
        content: Content,
        *,
        delimiter: str,
        file_id: int,
        workbook: spreadsheet.Workbook | None,
    ) -> None:
        self._dataset = dataset
        empty = '[ \t]*+(?:"[ \t\r]*+")?+' if dataset.quoted else "[ \t]*+"
        mark = re.escape(delimiter)
        self.blank_lines = re.compile(rf"(?:{empty}(?:{mark}{empty})*+\r*+\n)++".encode("latin-1"))
        self._header = [value.strip() for value in header.values]
        names = [dataset.names_in_files.get(folded(value)) for value in self._header]
        _check_names(dataset, names, self._header)
        self.delimiter = delimiter
        self.note = _note([value for value, name in zip(self._header, names, strict=True) if name is None and value])
        fields = [dataset.by_name[name] if name else None for name in names]
        self.columns = tuple(name for name in names if name)
        self.date_order = fast_path.date_order(fields)
        few = len(names) <= MAX_FAST_PATH_NAMES
        self.fast_paths: list[fast_path.FastPath] = []
        end = line_end(delimiter, file_id)
        if few:
            self.fast_paths.append(fast_path.for_csv(dataset, fields, delimiter, end, order=self.date_order))
        self._width = len(names)
        # For a column that is left out, an empty value is appended to each row.
        self._folded = [folded(value) for value in self._header]
        self._pick = [names.index(name) if name in names else self._width for name in dataset.columns]
        # From this number on, the columns may be left off at the end of a row.
        self._optional_from = 1 + max(number for number, field in enumerate(fields) if field and field.required)
        # Words of ordinary text rarely have one of these types. They often look like a code.
        self._typed = [
            (number, field)
            for number, field in enumerate(fields)
            if field and field.column.trims and field.semantic_type != "code"
        ]
        self._workbook = workbook
        # Empty values behind each row that the header doesn't have: some programs end rows, but not the header, in a
        # delimiter. Only rows that all do so can be told from a row with a delimiter in a value without quotes.
        self._behind = 0 if workbook else self._values_behind(content)
        if self._behind:
            self.fast_paths = []
        header_is_valid = not check(dataset, self._in_order(self._header))[1]
        if header_is_valid:
            self.fast_paths = [_without(self._header[0], mark, each) for each in self.fast_paths]
        self.column_path = None
        if few and not workbook:
            rows = CsvRows(
                delimiter=delimiter,
                quoted=dataset.quoted,
                width=self._width,
                optional_from=self._optional_from,
                behind=self._behind,
                is_header=self._is_header if header_is_valid else None,
                is_copy_text=lambda: self._reader.is_copy_text,
            )
            self.column_path = ColumnPath(
                dataset, fields, rows, delimiter=delimiter, date_order=self.date_order, line_end=end
            )
        if workbook:
            # Quotes of a workbook's CSV are always closed.
            self._reader = CsvReader(content, delimiter, records_are_lines=True)
        else:
            self._reader = CsvReader(content, delimiter, quoted=dataset.quoted, swallowed=self._swallowed)

    def next_record(self) -> Record | None:
        """Read the record at the position; None at the end of the file."""
        record = self._reader.next_record()
        if record is None:
            return None
        line_number, raw, values, fault = record
        if fault:
            return Record(line_number, raw, (), [fault])
        if not any(value.strip(" \t\r") for value in values):
            return Record(line_number, raw, (), [])
        wrong = self._workbook.faults(line_number) if self._workbook else {}
        behind = 1 if wrong else self._behind
        if fault := self._wrong_number(values, behind):
            return Record(line_number, raw, (), [fault], values)
        if behind:
            del values[self._width :]
        if self._is_header(values):
            return Record(line_number, raw, (), [_REPEATED], values)
        faults = [f"{self._header[column]} {fault}" for column, fault in wrong.items()]
        trusted = [None if column in wrong else value for column, value in enumerate(values)] if wrong else values
        return Record(line_number, raw, self._in_order(trusted), faults, values)

    def _is_header(self, values: Sequence[str]) -> bool:
        return folded(values[0]) == self._folded[0] and [folded(value) for value in values] == self._folded

    def _in_order(self, values: Sequence[str | None]) -> list[str | None]:
        """The values of a row in the order of the dataset's columns; "" for those that are left out."""
        given = len(values)
        return [values[each] if each < given else "" for each in self._pick]

    def _values_behind(self, content: Content) -> int:
        """How many empty values more than the header all of the next rows have; 0 if they are too few to tell."""
        beginning = content.beginning()
        if len(beginning) == MAX_RECORD_BYTES:
            beginning = beginning[: beginning.rfind(b"\n") + 1]
        rows = Content([beginning])
        reader = CsvReader(rows, self.delimiter, quoted=self._dataset.quoted)
        found: list[int] = []
        while len(found) < _ROWS_TO_TELL:
            rows.fill()
            rows.skip(self.blank_lines)
            record = reader.next_record()
            if record is None:
                break
            if record.fault or not any(value.strip() for value in record.values):
                continue
            if len(record.values) <= self._width or any(value.strip() for value in record.values[self._width :]):
                return 0
            found.append(len(record.values) - self._width)
        return found[0] if len(found) > 1 and len(set(found)) == 1 else 0

    def _wrong_number(self, values: list[str], behind: int) -> str | None:
        """The reason against a row with too few or too many values."""
        given, width = len(values), self._width
        if behind:
            good = given == width + behind and not any(value.strip() for value in values[width:])
        else:
            good = self._optional_from <= given <= width
        if good:
            return None
        also = f", and the rows at the beginning of the file have {width + behind} values" if behind else ""
        return f"the row has {given} value{'s' if given > 1 else ''}, but the header has {width} columns{also}"

    def given(self, record: Record) -> dict[str, str]:
        """The record's values by the names in the header."""
        return dict(zip(self._header, map(str, record.values_in_file), strict=False))

    def _swallowed(self, lines: bytes) -> int | None:
        """Where the last of these lines of a quoted value begins that looks like a row, if the value contains rows."""
        width = self._width + self._behind
        delimiters = width - 1
        if lines.count(self.delimiter.encode()) < delimiters:
            return None
        sure, possible, begin = None, [], 0
        for line in lines.split(b"\n"):
            if line.count(self.delimiter.encode()) >= delimiters:
                text = line.decode("utf-8", "surrogateescape").replace("\r", "")
                values = next(csv.reader([text], delimiter=self.delimiter), [])
                # The last line of a first value of several lines has the quote that closes it, and all other values.
                if len(values) == width and '"' not in values[0]:
                    if sum(_fits(field, values[number]) for number, field in self._typed) >= _SURE_VALUES:
                        sure = begin
                    elif self._is_plain_row(values):
                        possible.append(begin)
            begin += len(line) + 1
        if sure is not None:
            return sure
        return possible[-1] if possible and len(possible) * 2 >= lines.count(b"\n") else None

    def _is_plain_row(self, values: list[str]) -> bool:
        """Whether these values are a row, and none begins with a blank, as words after a comma do."""
        plain = not any(value.startswith(" ") for value in values)
        return plain and not check(self._dataset, self._in_order(values))[1]

    def learn(self, record: Record) -> None:
        """Learn from a valid row that was read by itself."""
        if self.column_path:
            self.column_path.learn()


def _fits(field: Field, value: str) -> bool:
    return not is_missing(field, value) and check_value(field, value)[1] is None


class _JsonLines:
    """One JSON object per line, its members in any order; unknown ones are ignored. Has the attributes of `_Csv`."""

    blank_lines = re.compile(rb"(?:[ \t]*+\r*+\n)++")
    delimiter = ","
    date_order = "YMD"

    def __init__(self, dataset: Dataset, content: Content, file_id: int) -> None:
        self._dataset = dataset
        self._content = content
        self.columns = dataset.columns
        self._line_end = line_end(self.delimiter, file_id)
        self._usual = json_records.UsualLines(dataset)
        self.column_path = ColumnPath(
            dataset,
            dataset.fields,
            JsonRows(self._usual.values),
            delimiter=self.delimiter,
            date_order=self.date_order,
            line_end=self._line_end,
        )
        self.fast_paths: list[fast_path.FastPath] = []
        self._layouts: set[tuple[tuple[bytes, str | None], ...]] = set()
        self._learned = 0
        self._extra: dict[str, None] = {}

    def next_record(self) -> Record | None:
        """Read the line at the position; None at the end of the file."""
        found = json_records.next_record(self._dataset, self._content)
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
        self._usual.learn(record.values_in_file)
        self.column_path.learn()
        self._learned += 1
        if self._learned > _EAGER_LAYOUTS and self._learned % _EAGER_LAYOUTS:
            return
        members = json_records.layout(self._dataset, record.raw) if len(self._layouts) < MAX_LAYOUTS else None
        if members and len(members) <= MAX_FAST_PATH_NAMES and members not in self._layouts:
            self._layouts.add(members)
            fields = [(before, self._dataset.by_name[name] if name else None) for before, name in members]
            self.fast_paths.append(fast_path.for_json(self._dataset, fields, self._line_end))

    @property
    def note(self) -> str | None:
        """The names that were ignored so far."""
        return _note(list(self._extra))


Format = _Csv | _JsonLines


def _without(name: str, mark: str, path: fast_path.FastPath) -> fast_path.FastPath:
    """The fast path without rows whose first value is this name: they may be the header again."""
    begins = rf'(?!(?i:[ \t"]*+{re.escape(name.encode().decode("latin-1"))}[ \t"]*+(?:{mark}|\r?\n)))'
    return replace(path, run=re.compile(b"(?:" + begins.encode("latin-1") + path.run.pattern.removeprefix(b"(?:")))


def line_end(delimiter: str, file_id: int) -> bytes:
    """The end of each line for COPY: the value of the column file_id."""
    return f"{delimiter}{file_id}\n".encode()


def _known_names(dataset: Dataset, line: bytes, delimiter: str) -> set[str]:
    """The columns that a line names."""
    names = [folded(name.strip(' \t"')) for name in line.decode("utf-8", "replace").strip().split(delimiter)]
    return {dataset.names_in_files[name] for name in names if name in dataset.names_in_files}


def _check_names(dataset: Dataset, names: list[str | None], header: list[str]) -> None:
    missing = [each for each in dataset.columns if each not in names and each in dataset.required_columns]
    if missing and len(header) == 1 and any(_known_names(dataset, header[0].encode(), each) for each in DELIMITERS):
        raise RefusedError("The whole header is in quotes, so it is one value. Export the file without these quotes.")
    if missing:
        unknown = [given for given, name in zip(header, names, strict=True) if name is None and given]
        raise RefusedError(
            f"{_columns(missing)} {'is' if len(missing) == 1 else 'are'} missing. {_near(dataset, missing, unknown)}"
        )
    twice = [name for name in dataset.columns if names.count(name) > 1]
    if twice:
        cells = [given for given, name in zip(header, names, strict=True) if name in twice]
        verb = "occurs" if len(twice) == 1 else "occur"
        raise RefusedError(f"{_columns(twice)} {verb} more than once in the header: {_list(cells)}.")


def _near(dataset: Dataset, missing: list[str], unknown: list[str]) -> str:
    """What the header has instead of the missing columns."""
    if not unknown:
        return "The header has no other columns."
    by_folded = {folded(each): each for each in unknown}
    hints = [
        f"{quote(by_folded[near])}: did you mean {name}? Rename it, or declare it as an alias."
        for name in missing
        for near in get_close_matches(name, by_folded, 1, 0.6)
    ]
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
