"""Checks many rows together, column by column, if the fast path doesn't match them.

Such rows are valid, but some values have an unusual form, such as blanks around them. Only these values are checked one
by one. Checking whole rows one by one takes ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from itertools import zip_longest

from tabular.declaration import Dataset, Field
from tabular.types.column_type import BLANKS

from . import fast_path
from .content import Content
from .row_rules import check_value, csv_quoted, has_too_many_decimals

_REMEMBERED_VALUES = 1_000  # of each column, because many columns have few different values
_FEWEST_BYTES = 1024
_MOST_BYTES = 32 * 1024
_LONGEST_PAUSE = 32
_BLANKS = BLANKS.encode()
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
        self._bytes = _FEWEST_BYTES
        self._pause = self._paused = 0

    def take(self, content: Content) -> tuple[bytes, int]:
        """Take valid rows at the position; returns them as lines for PostgreSQL's COPY, and their number.

        If the first row in the buffer isn't one, returns b"" and 0.
        """
        if self._paused:
            self._paused -= 1
            return b"", 0
        text = content.buffer[content.position : self._end(content)]
        rows = self._rows.split(text)
        lines, count = self._lines(rows) if rows else (b"", 0)
        if not count:
            # Invalid rows often follow each other. The next ones are not tried, so that they are not split in vain.
            self._pause = self._paused = min(2 * self._pause + 1, _LONGEST_PAUSE)
            self._bytes = _FEWEST_BYTES
            return b"", 0
        self._pause = 0
        self._bytes = min(2 * self._bytes, _MOST_BYTES) if count == len(rows) else _FEWEST_BYTES
        content.advance(sum(map(len, text.splitlines(keepends=True)[:count])), lines=count)
        return lines, count

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
        end = min(content.text_end(), content.position + self._bytes)
        special = self._rows.special.search(content.buffer, content.position, end)
        return content.buffer.rfind(b"\n", content.position, special.start() if special else end) + 1

    def _lines(self, rows: Sequence[Sequence[bytes]]) -> tuple[bytes, int]:
        """Lines for COPY of the valid rows before the first invalid one, and their number."""
        columns = list(zip_longest(*rows, fillvalue=b""))
        columns += [(b"",) * len(rows)] * (len(self._fields) - len(columns))
        count = len(rows)
        checked: dict[int, list[bytes]] = {}
        for number, check in self._checks:
            checked[number] = check.valid(columns[number][:count])
            count = len(checked[number])
        for amount, currency in self._amounts:
            currencies = checked[currency] if currency is not None else [b""] * count
            pairs = zip(checked[amount][:count], currencies, strict=False)
            wrong = (number for number, pair in enumerate(pairs) if has_too_many_decimals(*map(_unquoted, pair)))
            count = next(wrong, count)
        found = zip(*(column[:count] for column in checked.values()), strict=True)
        return self._line_end.join([*map(self._delimiter.encode().join, found), b""]), count


class CsvRows:
    """Splits lines of a CSV file. `special` finds characters whose meaning depends on the whole file.

    `width` is the number of columns. Those from `optional_from` on may be left off at the end of a row. If `behind` is
    not 0, a row has all columns, and then so many empty values. `is_header` says whether values are the header again.
    """

    special = re.compile(rb"[\0\\]|\r(?!\n)")

    def __init__(
        self,
        *,
        delimiter: str,
        quoted: bool,
        width: int,
        optional_from: int,
        behind: int,
        is_header: Callable[[Sequence[str]], bool] | None,
    ) -> None:
        self._delimiter = delimiter.encode()
        self._quoted = quoted
        self.text: Callable[[bytes], str] = _unquoted if quoted else bytes.decode
        self._width = width
        self._widths = {width + behind} if behind else set(range(optional_from, width + 1))
        self._is_header = is_header
        mark = re.escape(self._delimiter)
        self._value = re.compile(rb'([^"%b]*+|"[^"]*+(?:""[^"]*+)*+")%b' % (mark, mark))

    def split(self, lines: bytes) -> list[list[bytes]]:
        """The values of each line, quotes included, up to the first line that has a wrong number of them."""
        split = self._with_quotes if self._quoted and b'"' in lines else self._without_quotes
        rows = []
        for line in lines.replace(b"\r\n", b"\n").split(b"\n")[:-1]:
            row = split(line)
            if len(row) not in self._widths or any(map(bytes.strip, row[self._width :])):
                break
            if self._is_header and self._is_header(list(map(self.text, row[: self._width]))):
                break
            rows.append(row)
        return rows

    def _without_quotes(self, line: bytes) -> list[bytes]:
        return line.split(self._delimiter)

    def _with_quotes(self, line: bytes) -> list[bytes]:
        """The values of a line; none if something is wrong with the quotes."""
        values = self._value.findall(line + self._delimiter)
        return values if sum(map(len, values)) + len(values) == len(line) + 1 else []


class JsonRows:
    """Reads the values of JSON lines; `values` gets a line, and returns None if something is wrong with it."""

    special = re.compile(rb"\0")

    def __init__(self, values: Callable[[str], Sequence[str] | None]) -> None:
        self._values = values
        self.text = _unquoted

    def split(self, lines: bytes) -> list[list[bytes]]:
        """The values of each line, as in a CSV file, up to the first line with a mistake."""
        rows = []
        for line in lines.decode().split("\n")[:-1]:
            values = self._values(line)
            if values is None:
                break
            try:
                rows.append([_cell(value) for value in values])
            except UnicodeEncodeError:  # half of a character
                break
        return rows


class _ColumnCheck:
    """Checks the values of a column: many at a time by the fast path's pattern, the others one by one by the rules."""

    def __init__(self, field: Field, path: fast_path.FastPath, *, text: Callable[[bytes], str]) -> None:
        self._field = field
        self._path = path
        self._text = text
        self._trims = field.column.trims
        self._check = lru_cache(_REMEMBERED_VALUES)(self._by_rules)

    def valid(self, values: Sequence[bytes]) -> list[bytes]:
        """The values for COPY, up to the first one that is not valid."""
        if self._trims:
            values = [value.strip(_BLANKS) for value in values]
        lines = b"\n".join([*values, b""])
        position = 0
        valid: list[bytes] = []
        while True:
            match = self._path.run.match(lines, position)
            if match and match[0]:
                valid += self._path.finish(match[0]).split(b"\n")[:-1]
                position = match.end()
            if position == len(lines):
                return valid
            value = values[len(valid)]
            found = self._check(value)
            if found is None:
                return valid
            valid.append(found)
            position += len(value) + 1

    def _by_rules(self, value: bytes) -> bytes | None:
        """The value for COPY; None if it is not valid."""
        stored, reason = check_value(self._field, self._text(value))
        return None if reason else csv_quoted(stored).encode()


def _unquoted(value: bytes) -> str:
    """A value without the quotes around it."""
    text = value.decode()
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _cell(text: str) -> bytes:
    """The text as a value of a CSV file."""
    return (csv_quoted(text) if any(each in text for each in _TO_QUOTE) else text).encode()
