"""The fast path for ordinary valid rows: a regular expression matches many of them at a time in the received bytes.

Its patterns come from the types of the columns. They are stricter than the rules: every row that matches is valid under
the rules, and PostgreSQL stores the same values, as the tests prove. Rows that don't match are checked by the rules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

from tabular.codes import iso4217
from tabular.declaration import Dataset, Field
from tabular.types import ColumnType
from tabular.types.column_type import JSON_STRING, NOTHING, QUOTED, Column, Span, plain, words_pattern
from tabular.types.patterns import BEYOND_ASCII, characters

from .content import MAX_RECORD_BYTES, Content

QUOTE = '"'
_IGNORED_CHARACTERS = 2_000
_DELIMITERS = ",;\t|"  # another one, such as a dot, could be part of a value that a pattern matches
_JSON_TEXT = rf'"(?:[{characters(QUOTE + chr(92))}{BEYOND_ASCII}]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{{4}}))*+"'
_JSON_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+"
_JSON_SCALAR = rf"(?:{_JSON_TEXT}|{_JSON_NUMBER}|true|false|null)"
# A column's value in a row that has matched. The row is valid, so these can be simpler than the patterns of types.
_JSON_VALUE = {
    "object": r"(?:null|(\{(?:[^{}\"]++|\"[^\"]*+\")*+\}))",
    "array": r"(?:null|(\[(?:[^\[\]\"]++|\"[^\"]*+\")*+\]))",
}
_JSON_SIMPLE_VALUE = r"(?:null|(\"[^\"]*+\"|[^\",}n][^,}]*+))"
_JSON_ESCAPED_VALUE = r"(?:null|(\"(?:[^\"\\]++|\\.)*+\"|[^\",}n][^,}]*+))"


@dataclass(frozen=True)
class FastPath:
    """Takes rows of one layout: `run` matches as many as possible, and `finish` converts them to lines for COPY."""

    run: re.Pattern[bytes]
    finish: Callable[[bytes], bytes]
    can_be_too_long: bool

    def take(self, content: Content) -> tuple[bytes, int]:
        """Take the valid rows at the position; returns them as lines for PostgreSQL's COPY, and their number.

        One match takes all the rows in the buffer. Each row is one line. If there are none, returns b"" and 0.
        """
        end = content.text_end()
        match = self.run.match(content.buffer, content.position, end) if end > content.position else None
        rows = match[0] if match else b""
        if self.can_be_too_long:
            rows = _without_long_lines(rows)
        if not rows:
            return b"", 0
        count = rows.count(b"\n")
        content.advance(len(rows), lines=count)
        return self.finish(rows), count


def for_csv(
    dataset: Dataset, fields: Sequence[Field | None], delimiter: str, line_end: bytes, *, order: str
) -> FastPath:
    """The fast path for a CSV file with these columns; None is a column that is ignored.

    `line_end` replaces the end of each line. The lines for COPY have the columns in the same order. `order` is that of
    day, month and year which PostgreSQL reads.
    """
    span = plain(delimiter)
    mark = re.escape(delimiter)

    def value(each: _Value | None) -> str:
        if each is None:
            inside = characters(span.excluded) + BEYOND_ASCII
            plain_value = f"[{inside}]{{0,{_IGNORED_CHARACTERS}}}+"
            quoted_value = rf'"[{inside}{mark}]{{0,{_IGNORED_CHARACTERS}}}+"(?!")'
            return f"(?:{plain_value}|{quoted_value})" if dataset.quoted else plain_value
        return _csv_value(each, span, mark, quoted=dataset.quoted)

    row = _row(fields, [mark if number else "" for number in range(len(fields))], value, order)
    if delimiter not in _DELIMITERS:
        row = NOTHING
    run = re.compile(rf"(?:{row}\r?\n)*+".encode("latin-1"))
    changes = [_csv_change(each) if each else None for each in fields]
    columns = _Columns(changes, [each is None for each in fields], delimiter, line_end)

    def replace_line_ends(rows: bytes) -> bytes:
        return rows.replace(b"\r\n", b"\n").replace(b"\n", line_end)

    unchanged = None not in fields and not any(changes)
    return FastPath(run, replace_line_ends if unchanged else columns.finish, _can_be_too_long(fields))


def for_json(dataset: Dataset, members: Sequence[tuple[bytes, Field | None]], line_end: bytes) -> FastPath:
    """The fast path for JSON lines of one layout: for each member, the bytes before its value, and its field.

    The bytes are such as b', "sku": '. The lines for COPY have the columns in the order of the dataset.
    """
    fields = [field for _, field in members]
    before = [re.escape(start.decode("latin-1")) for start, _ in members]
    row = _row(fields, before, lambda each: _json_value(each) if each else _JSON_SCALAR, "YMD")
    run = re.compile(rf"(?:{row}\}}\r?\n)*+".encode("latin-1"))

    @cache
    def values(simple: str) -> re.Pattern[bytes]:
        found = "".join(
            start + (_JSON_VALUE.get(field.type, simple) if field else _JSON_SCALAR)
            for start, field in zip(before, fields, strict=True)
        )
        return re.compile(rf"{found}\}}\r?\n()".encode("latin-1"))

    names = [field.name for field in fields if field]
    # The last group is always empty: it stands for a column that is left out.
    pick = [names.index(name) if name in names else len(names) for name in dataset.columns]
    nested = [number for number, field in enumerate(dataset.fields) if field.type in _JSON_VALUE]

    def finish(rows: bytes) -> bytes:
        escaped = b"\\" in rows
        columns = list(zip(*values(_JSON_ESCAPED_VALUE if escaped else _JSON_SIMPLE_VALUE).findall(rows), strict=True))
        picked: list[Column] = [columns[number] for number in pick]
        if escaped:
            picked = [[_without_escapes(value) if b"\\" in value else value for value in each] for each in picked]
        for number in nested:
            picked[number] = [b'"' + value.replace(b'"', b'""') + b'"' if value else b"" for value in picked[number]]
        return line_end.join([*map(b",".join, zip(*picked, strict=True)), b""])

    return FastPath(run, finish, can_be_too_long=None in fields or _can_be_too_long(fields))


def _without_escapes(value: bytes) -> bytes:
    """The text of a JSON string, as COPY reads it."""
    text: str = json.loads(value)
    return b'"' + text.encode().replace(b'"', b'""') + b'"'


def _without_long_lines(rows: bytes) -> bytes:
    """The rows before the first one that is longer than a record may be, which the rules must reject."""
    end = 0
    for line in rows.splitlines(keepends=True):
        if len(line) > MAX_RECORD_BYTES:
            return rows[:end]
        end += len(line)
    return rows


class _Value(NamedTuple):
    """A column in a pattern. `column` and `optional` can be narrower than the field's own."""

    field: Field
    column: ColumnType
    optional: bool


def _values(fields: Sequence[Field | None]) -> list[_Value | None]:
    return [_Value(each, each.column, not each.required) if each else None for each in fields]


def date_order(fields: Sequence[Field | None]) -> str:
    """The order of day, month and year that PostgreSQL must read: that of the first column that declares one."""
    return next((each.column.date_order for each in fields if each and each.column.date_order), "YMD")


def _can_be_too_long(fields: Sequence[Field | None]) -> bool:
    longest = sum((each and each.column.max_length) or _IGNORED_CHARACTERS for each in fields)
    return longest > MAX_RECORD_BYTES or any(each and each.type in _JSON_VALUE for each in fields)


def _row(
    fields: Sequence[Field | None], before: Sequence[str], value: Callable[[_Value | None], str], order: str
) -> str:
    """The pattern of a row. If a currency decides the decimals, there is an alternative for each number of decimals."""

    def part(number: int, each: _Value | None) -> str:
        found = value(each) if not each or each.column.date_order in (None, order) else NOTHING
        return f"{before[number]}(?:{found})"

    values = _values(fields)
    deciders = {each.decimals for each in fields if each and isinstance(each.decimals, str)}
    concerned = [
        number
        for number, each in enumerate(fields)
        if each and (each.name in deciders or isinstance(each.decimals, str))
    ]
    if not concerned:
        return "".join(part(number, each) for number, each in enumerate(values))
    first, last = min(concerned), max(concerned) + 1
    decided = any(each and each.name in deciders for each in fields)
    alternatives = []
    for decimals in (iso4217.USUAL_DECIMALS, *(sorted(set(iso4217.DECIMALS.values())) if decided else ())):
        narrowed = [_with_decimals(each, decimals, deciders) for each in values[first:last]]
        alternatives.append("".join(part(first + number, each) for number, each in enumerate(narrowed)))
    before_them = "".join(part(number, each) for number, each in enumerate(values[:first]))
    after_them = "".join(part(last + number, each) for number, each in enumerate(values[last:]))
    return f"{before_them}(?:{'|'.join(alternatives)}){after_them}"


def _with_decimals(value: _Value | None, decimals: int, deciders: set[str]) -> _Value | None:
    """Narrow an amount to at most so many decimals, and a currency to those with so many; keep other columns."""
    if value and isinstance(value.field.decimals, str):
        return value._replace(column=replace(value.field, decimals=decimals).column)
    if value and value.field.name in deciders:
        usual = iso4217.USUAL_DECIMALS
        codes = [code for code in iso4217.CURRENCIES if iso4217.DECIMALS.get(code, usual) == decimals]
        column = replace(value.column, pattern=lambda span: words_pattern(codes, span))
        return value._replace(column=column, optional=value.optional and decimals == usual)
    return value


def _csv_value(value: _Value, span: Span, mark: str, *, quoted: bool) -> str:
    field, column, optional = value
    end = rf"(?:{mark}|\r?\n)"
    found = [f"{_not_missing(field, end)}(?:{column.pattern(span)})"]
    if quoted:
        found.append(f'"{_not_missing(field, QUOTE)}(?:{column.pattern(QUOTED)})"')
    if optional:
        words = [each for each in field.missing_values if each]
        found += [_in_bytes(each) for each in words if span.has(each)]
        found += [f'"{_in_bytes(each)}"' for each in words if quoted]
        found += ['""(?!")', ""] if quoted else [""]
    return "|".join(found)


def _in_bytes(text: str) -> str:
    """The pattern that matches the text's bytes in UTF-8."""
    return re.escape(text.encode().decode("latin-1"))


def _not_missing(field: Field, end: str) -> str:
    """A lookahead that fails if the value, which ends at `end`, is a word for a missing value."""
    words = [_in_bytes(each) for each in field.missing_values if each]
    return f"(?!(?:{'|'.join(words)}) *+{end})" if words else ""


def _csv_change(field: Field) -> Callable[[Column], list[bytes]] | None:
    """A function that empties words for a missing value, and rewrites numbers; None if nothing changes."""
    words = {form for each in field.missing_values if each for form in (each.encode(), f'"{each}"'.encode())}
    rewrite = field.column.rewrite
    if rewrite is None and (not words or field.required):
        return None

    def change(column: Column) -> list[bytes]:
        values = [b"" if value in words else value for value in column] if words else list(column)
        if rewrite is None:
            return values
        return rewrite([value[1:-1] if value.startswith(b'"') else value for value in values])

    return change


class _Columns:
    """Changes some columns of matched rows, and leaves others out."""

    def __init__(
        self,
        changes: Sequence[Callable[[Column], list[bytes]] | None],
        ignored: Sequence[bool],
        delimiter: str,
        line_end: bytes,
    ) -> None:
        self._changes = [(number, change) for number, change in enumerate(changes) if change]
        self._kept = [number for number, left_out in enumerate(ignored) if not left_out]
        self._width = len(ignored)
        self._delimiter = delimiter.encode()
        self._line_end = line_end
        value = rf'([^{re.escape(delimiter)}"\r\n]*+|"[^"]*+(?:""[^"]*+)*+")'
        self._row = re.compile((re.escape(delimiter).join([value] * self._width) + r"\r?\n").encode())

    def finish(self, rows: bytes) -> bytes:
        """Lines for COPY of these rows."""
        columns = self._split(rows)
        for number, change in self._changes:
            columns[number] = change(columns[number])
        kept = zip(*(columns[number] for number in self._kept), strict=True)
        return self._line_end.join([*map(self._delimiter.join, kept), b""])

    def _split(self, rows: bytes) -> list[Column]:
        if b'"' not in rows:
            # Splitting everything at once takes half the time of splitting row by row.
            flat = rows.replace(b"\r\n", b"\n")[:-1].replace(b"\n", self._delimiter).split(self._delimiter)
            return [flat[number :: self._width] for number in range(self._width)]
        found = self._row.findall(rows)
        return list(zip(*found, strict=True)) if self._width > 1 else [found]


def _json_value(value: _Value) -> str:
    field, column, optional = value
    found = []
    if column.json_pattern:
        found.append(rf"{_not_missing(field, '[,}]')}(?:{column.json_pattern})(?=[,}}])")
    if column.rewrite is None:
        found.append(f'"{_not_missing(field, QUOTE)}(?:{column.pattern(JSON_STRING)})"')
    if optional:
        found += ["null"] if field.type in _JSON_VALUE else ["null", '""']
    return "|".join(found)
