"""Checks many rows together, column by column, if the fast path doesn't match them.

Such rows are valid, but some values have an unusual form, such as blanks around them. Only these values are checked one
by one. Checking whole rows one by one takes ten times as long.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, takewhile, zip_longest

from tabular.declaration import Dataset, Field
from tabular.types.column_type import BLANKS

from . import fast_path
from .content import Content
from .row_rules import check_value, csv_quoted, has_too_many_decimals

_REMEMBERED_VALUES = 1_000  # of each column, because many columns have few different values
_FEWEST_LINES = 4
_MOST_LINES = 256
_BYTES_A_LINE = 128
_BLANKS = BLANKS.encode()
_NUL = re.compile(rb"\0")
_NO_BACKSLASH = re.compile(rb"[\0\\]|\r(?!\n)")
# The first value \N shows that a file is PostgreSQL's text format, and a backslash at the end of a line is a mistake.
_NO_COPY_TEXT = re.compile(rb"\0|\\(?:N|\r?\n)|\r(?!\n)")
_TO_QUOTE = '",\n\r\\'


class ColumnPath:
    """Takes valid rows of one line each. `fields` are the columns of the rows; None is a column that is ignored."""

    def __init__(
        self,
        dataset: Dataset,
        fields: Sequence[Field | None],
        rows: CsvRows | JsonRows,
        *,
        delimiter: str,
        date_order: str,
        line_end: bytes,
    ) -> None:
        self._dataset = dataset
        self._fields = fields
        self._rows = rows
        self._delimiter = delimiter
        self._date_order = date_order
        self._line_end = line_end
        self._most_lines = 0
        # The last lines that were read: where each begins, its row for COPY (b"" if it is not valid), and how many rows
        # were taken. The last offset is the end of the last line.
        self._offsets: list[int] = []
        self._lines: list[bytes] = []
        self._taken = 0

    def take(self, content: Content) -> tuple[bytes, int]:
        """Take valid rows at the position; returns them as lines for PostgreSQL's COPY, and their number.

        If the first row in the buffer isn't one, returns b"" and 0.
        """
        first = bisect_left(self._offsets, content.offset)
        if first >= len(self._lines) or self._offsets[first] != content.offset:
            self._read(content)
            first = 0
        valid = list(takewhile(bool, self._lines[first:]))
        if not valid:
            return b"", 0
        self._taken += len(valid)
        content.advance(self._offsets[first + len(valid)] - content.offset, lines=len(valid))
        return b"".join(valid), len(valid)

    def learn(self) -> None:
        """Take rows again: the rules for single rows have accepted one."""
        self._most_lines = max(self._most_lines, _FEWEST_LINES)

    def _read(self, content: Content) -> None:
        """Check the next lines: each time more, or none if the fast path or the rules for single rows took most."""
        useful = self._taken * 2 >= len(self._lines)
        self._most_lines = min(self._most_lines * 2, _MOST_LINES) if useful else 0
        self._offsets, self._lines, self._taken = [], [], 0
        if not self._most_lines:
            return
        text = content.buffer[content.position : self._end(content)]
        lines = text.split(b"\n", self._most_lines)[:-1]
        self._offsets = list(accumulate((len(line) + 1 for line in lines), initial=content.offset))
        self._lines = self._for_copy(self._rows.split([line.removesuffix(b"\r") for line in lines]))

    @cached_property
    def _checks(self) -> list[tuple[int, _ColumnCheck]]:
        """For each column that isn't ignored, its number and its check. Most files need none."""

        def check(field: Field) -> _ColumnCheck:
            path = fast_path.for_csv(self._dataset, [field], self._delimiter, b"\n", order=self._date_order)
            return _ColumnCheck(field, path, text=self._rows.text)

        return [(number, check(field)) for number, field in enumerate(self._fields) if field]

    @cached_property
    def _amounts(self) -> list[tuple[int, int | None]]:
        """For each amount whose currency decides the decimals, its number and that of the currency's column."""
        columns = [field.name if field else None for field in self._fields]
        return [
            (number, columns.index(field.decimals) if field.decimals in columns else None)
            for number, field in enumerate(self._fields)
            if field and isinstance(field.decimals, str)
        ]

    def _end(self, content: Content) -> int:
        """The end of the last whole line before a character whose meaning only the rules for a row know."""
        end = min(content.text_end(), content.position + self._most_lines * _BYTES_A_LINE)
        special = self._rows.special().search(content.buffer, content.position, end)
        return content.buffer.rfind(b"\n", content.position, special.start() if special else end) + 1

    def _for_copy(self, rows: Sequence[Sequence[bytes]]) -> list[bytes]:
        """A line for COPY for each row; b"" for an invalid one."""
        columns = list(zip_longest(*rows, fillvalue=b""))
        columns += [(b"",) * len(rows)] * (len(self._fields) - len(columns))
        checked = {number: check.for_copy(columns[number]) for number, check in self._checks}
        invalid = {number for number, row in enumerate(rows) if not row}
        for column in checked.values():
            invalid.update(number for number, value in enumerate(column) if value is None)
        for amount, currency in self._amounts:
            currencies = checked[currency] if currency is not None else [b""] * len(rows)
            for number, pair in enumerate(zip(checked[amount], currencies, strict=True)):
                if number not in invalid and has_too_many_decimals(*(_unquoted(value or b"") for value in pair)):
                    invalid.add(number)
        end, mark = self._line_end, self._delimiter.encode()
        return [
            b"" if number in invalid else mark.join(values) + end
            for number, values in enumerate(zip(*checked.values(), strict=True))
        ]


class CsvRows:
    """Splits lines of a CSV file. `is_copy_text` says whether the file is probably PostgreSQL's text format.

    `width` is the number of columns. Those from `optional_from` on may be left off at the end of a row. If `behind` is
    not 0, a row has all columns, and then so many empty values. `is_header` says whether values are the header again.
    """

    def __init__(
        self,
        *,
        delimiter: str,
        quoted: bool,
        width: int,
        optional_from: int,
        behind: int,
        is_header: Callable[[Sequence[str]], bool] | None,
        is_copy_text: Callable[[], bool],
    ) -> None:
        self._delimiter = delimiter.encode()
        self._is_copy_text = is_copy_text
        self._quoted = quoted
        self.text: Callable[[bytes], str] = _unquoted if quoted else bytes.decode
        self._width = width
        self._widths = {width + behind} if behind else set(range(optional_from, width + 1))
        self._is_header = is_header
        mark = re.escape(self._delimiter)
        self._value = re.compile(rb'([^"%b]*+|"[^"]*+(?:""[^"]*+)*+")%b' % (mark, mark))

    def special(self) -> re.Pattern[bytes]:
        """Finds what only the rules for a row know."""
        return _NO_BACKSLASH if self._is_copy_text() else _NO_COPY_TEXT

    def split(self, lines: Sequence[bytes]) -> list[list[bytes]]:
        """The values of each line, quotes included; none for a line that is no row."""
        return [row if self._is_row(row) else [] for row in map(self._values, lines)]

    def _values(self, line: bytes) -> list[bytes]:
        """The values of a line; none if something is wrong with the quotes."""
        if not self._quoted or b'"' not in line:
            return line.split(self._delimiter)
        values = self._value.findall(line + self._delimiter)
        return values if sum(map(len, values)) + len(values) == len(line) + 1 else []

    def _is_row(self, values: list[bytes]) -> bool:
        return (
            len(values) in self._widths
            and not any(map(bytes.strip, values[self._width :]))
            and not (self._is_header and self._is_header(list(map(self.text, values[: self._width]))))
        )


class JsonRows:
    """Reads the values of JSON lines; `values` gets a line, and returns None if something is wrong with it."""

    def __init__(self, values: Callable[[str], Sequence[str] | None]) -> None:
        self._values = values
        self.text = _unquoted

    def special(self) -> re.Pattern[bytes]:
        """Finds what only the rules for a row know."""
        return _NUL

    def split(self, lines: Sequence[bytes]) -> list[list[bytes]]:
        """The values of each line, as in a CSV file; none for a line with a mistake."""
        return list(map(self._cells, lines))

    def _cells(self, line: bytes) -> list[bytes]:
        try:
            return list(map(_cell, self._values(line.decode()) or []))
        except UnicodeEncodeError:  # half of a surrogate pair; columns are checked as bytes, where it could pass
            return []


class _ColumnCheck:
    """Checks the values of a column: many at a time by the fast path's pattern, the others one by one by the rules."""

    def __init__(self, field: Field, path: fast_path.FastPath, *, text: Callable[[bytes], str]) -> None:
        self._field = field
        self._path = path
        self._text = text
        self._trims = field.column.trims
        self._check = lru_cache(_REMEMBERED_VALUES)(self._by_rules)

    def for_copy(self, values: Sequence[bytes]) -> list[bytes | None]:
        """The values for COPY; None for those that are not valid."""
        if self._trims:
            values = [value.strip(_BLANKS) for value in values]
        lines = b"\n".join([*values, b""])
        position = 0
        found: list[bytes | None] = []
        while position < len(lines):
            match = self._path.run.match(lines, position)
            if match and match[0]:
                found += self._path.finish(match[0]).split(b"\n")[:-1]
                position = match.end()
            if len(found) < len(values):
                value = values[len(found)]
                found.append(self._check(value))
                position += len(value) + 1
        return found

    def _by_rules(self, value: bytes) -> bytes | None:
        """The value for COPY; None if it is not valid."""
        stored, reason = check_value(self._field, self._text(value))
        return None if reason else csv_quoted(stored).encode()


def _unquoted(value: bytes) -> str:
    """A value without the quotes around it."""
    text = value.decode()
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _cell(text: str) -> bytes:
    """The text as a value of a CSV file. Raises UnicodeEncodeError if it has half of a surrogate pair."""
    return (csv_quoted(text) if any(each in text for each in _TO_QUOTE) else text).encode()
