"""Reads each line of a JSON Lines file as a record."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from tabular.declaration import Dataset, Field, folded
from tabular.types import quote
from tabular.types.grouping import machine_number

from .content import MAX_RECORD_BYTES, Content, Record
from .json_objects import rows_inside

TOO_LONG = "the line is longer than 64 KiB"
TRAILING_COMMA = "a comma follows the JSON object: JSON Lines has one object per line, and nothing between them"
SEVERAL = "there are several JSON objects on the line: write each on a line of its own"

MAX_LAYOUTS = 8
_USUAL_LINES = 20
# For each name, a pattern takes a millisecond to compile and some kilobytes. Files with more names are read row by row.
MAX_FAST_PATH_NAMES = 100

_MEMBER = re.compile(
    rb'( {0,8}[{,] ?"([ !#-\[\]-~]{1,64})" ?: ?)("(?:[^"\\]++|\\.)*+"|\{[^{}\\]*+\}|\[[^\[\]\\]*+\]|[^"{\[,} ]++)'
)
_WRAPPER = re.compile(rb'\s*\{\s*"([^"\\]{1,100})"\s*:\s*\[\s*\{')
_TWO_OBJECTS = re.compile(rb"\}\s*\{")
_INNER_LEVELS = 5
_MAX_LEVELS = 100  # deeper values could exceed Python's limit of recursion
_END = re.compile(rb"\}\r?\n?")


class _Number(str):
    """A number as it is written in the file; a float could differ from it."""


class _Object(list[tuple[str, Any]]):
    """The members of an object, in which a name may occur twice."""


# json.loads would make a new decoder for each line.
_JSON = json.JSONDecoder(parse_int=_Number, parse_float=_Number, parse_constant=_Number, object_pairs_hook=_Object)


def next_record(dataset: Dataset, content: Content) -> tuple[Record, list[str]] | None:
    """Read the line at the position, and move the position behind it; None at the end of the file.

    The second result is the names in the line that are no columns. A value that is missing or null is empty; a value
    of the wrong type is None. Bytes that are not UTF-8 appear in the values as unpaired surrogates.
    """
    line = content.line()
    if not line:
        return None
    number = content.line_number
    content.skip_line()
    if not line.strip(b" \t\r\n"):
        return Record(number, line, (), []), []
    if len(line) > MAX_RECORD_BYTES:
        wrapper = _WRAPPER.match(line)
        inside = f": {rows_inside(wrapper[1].decode('utf-8', 'replace'))}" if wrapper else ""
        return Record(number, line, (), [TOO_LONG + inside]), []
    members = _members(line.decode("utf-8", "surrogateescape"))
    if members is None:
        return Record(number, line, (), [_fault(dataset, line)]), []
    known = dataset.names_in_files
    names = [known.get(name) or known.get(folded(name)) for name, _ in members]
    if not any(names) and (fault := _inside(dataset, members)):
        return Record(number, line, (), [fault], members), []
    values: dict[str, str | None] = dict.fromkeys(dataset.columns, "")
    faults = []
    if len(set(names)) < len(names):
        counts = Counter(names)
        faults = [f"{name} occurs more than once" for name in dataset.columns if counts[name] > 1]
    for name, (_, value) in zip(names, members, strict=True):
        if name:
            text, fault = _text(dataset.by_name[name], value)
            values[name] = text
            faults += [fault] if fault else []
    extra = [given for name, (given, _) in zip(names, members, strict=True) if name is None]
    return Record(number, line, list(values.values()), faults, members), extra


class UsualLines:
    """The values of lines whose names many lines had before; `learn` gets the members of each of these."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._lines: Counter[tuple[str, ...]] = Counter()
        self._fields: dict[tuple[str, ...], list[Field | None]] = {}

    def learn(self, members: Sequence[tuple[str, Any]]) -> None:
        """Add the names of a line, in which each column occurs at most once."""
        names = tuple(name for name, _ in members)
        if len(self._lines) < MAX_LAYOUTS or names in self._lines:
            self._lines[names] += 1
        # The first lines are read one by one, because the fast path learns from these.
        if self._lines[names] == _USUAL_LINES and len(names) <= MAX_FAST_PATH_NAMES:
            columns = [self._dataset.names_in_files.get(folded(name)) for name in names]
            self._fields[names] = [self._dataset.by_name[name] if name else None for name in columns]

    def values(self, line: str) -> list[str] | None:
        """The values in the order of the dataset's columns; None if the line has other names or a mistake."""
        members = _members(line)
        fields = self._fields.get(tuple(name for name, _ in members)) if members else None
        if members is None or fields is None:
            return None
        values = dict.fromkeys(self._dataset.columns, "")
        for field, (_, value) in zip(fields, members, strict=True):
            if field:
                text, _ = _text(field, value)
                if text is None:
                    return None
                values[field.name] = text
        return list(values.values())


def given(members: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """The values of an object as text."""
    return {name: value if isinstance(value, str) else _written(value) for name, value in members}


def layout(dataset: Dataset, line: bytes) -> tuple[tuple[bytes, str | None], ...] | None:
    """The columns of a line, each with the bytes before its value; None if the line is deeply nested or unusual.

    Lines that one program writes have one layout, or few. Each column occurs at most once; None is a name that is not
    a column.
    """
    members: list[tuple[bytes, str | None]] = []
    at = 0
    while match := _MEMBER.match(line, at):
        before, name, _ = match.groups()
        if before.lstrip().startswith(b"{") != (at == 0):
            return None
        members.append((before, dataset.names_in_files.get(folded(name.decode("ascii")))))
        at = match.end()
    counts = Counter(name for _, name in members)
    complete = all(counts[each.name] == 1 or (counts[each.name] == 0 and not each.required) for each in dataset.fields)
    return tuple(members) if complete and _END.fullmatch(line, at) else None


def _members(line: str) -> list[tuple[str, Any]] | None:
    try:
        found = _JSON.decode(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, _Object) or (line.count("[") + line.count("{") > _MAX_LEVELS and _is_too_deep(found)):
        return None
    return list(found)


def _is_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(_MAX_LEVELS):
        inner = [[value for _, value in each] if isinstance(each, _Object) else each for each in level]
        level = [value for each in inner if isinstance(each, list) for value in each]
    return bool(level)


def _fault(dataset: Dataset, line: bytes) -> str:
    text = line.strip(b" \t\r\n")
    if text.endswith(b"},"):
        return TRAILING_COMMA
    if text.startswith(b"{") and text.endswith(b"}") and _TWO_OBJECTS.search(text):
        return SEVERAL
    return f'the line is not a JSON object, such as {{"{dataset.columns[0]}": …}}'


def _inside(dataset: Dataset, members: list[tuple[str, Any]]) -> str | None:
    """The reason against an object that has no column but contains rows further inside; None if it contains none."""
    lists = []
    level = [("", members)]
    for _ in range(_INNER_LEVELS):
        inner = [(f"{path}.{name}" if path else name, value) for path, each in level for name, value in each]
        level = []
        for path, value in inner:
            is_list = isinstance(value, list) and not isinstance(value, _Object)
            found = next(iter(value), None) if is_list else value
            if not isinstance(found, _Object):
                continue
            if any(folded(name) in dataset.names_in_files for name, _ in found):
                where = f"the values are inside {quote(path)}: send its content without what is around it"
                return rows_inside(path) if is_list else where
            lists += [path] if is_list else []
            level += [] if is_list else [(path, found)]
    return rows_inside(lists[0]) if lists else None


def _text(field: Field, value: object) -> tuple[str | None, str | None]:
    """The value as text, or the reason against its type."""
    if value is None:
        return "", None
    if field.type in ("object", "array"):
        return _written(value), None
    if isinstance(value, bool) and field.type == "boolean":
        return str(field.options.get("trueValues" if value else "falseValues", [str(value).lower()])[0]), None
    # A code of digits is unambiguous; other numbers could have lost their form.
    if isinstance(value, _Number) and (field.column.number or (field.semantic_type == "code" and value.isdigit())):
        return machine_number(field, value), None
    if isinstance(value, str) and not isinstance(value, _Number):
        return value, None
    return None, f"{field.name} must be {_wanted(value)}"


def _wanted(value: object) -> str:
    if isinstance(value, _Number):
        return f"text in quotes, not the number {quote(value)}"
    if isinstance(value, bool):
        return "text, not true or false"
    return f"text, not {'an object' if isinstance(value, _Object) else 'a list'}"


def _written(value: object, level: int = 1) -> str:
    """The value in JSON, with the numbers as they were: a float could differ from them."""
    if isinstance(value, _Number) or level > _MAX_LEVELS:
        return str(value) if isinstance(value, _Number) else "null"
    if isinstance(value, _Object):
        members = (f"{json.dumps(name, ensure_ascii=False)}: {_written(each, level + 1)}" for name, each in value)
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_written(each, level + 1) for each in value)}]"
    return json.dumps(value, ensure_ascii=False)
