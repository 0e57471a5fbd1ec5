"""Reads each line of a JSON Lines file as a record."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from common.database import UNSTORABLE

from .content import MAX_RECORD_BYTES, Content, Record
from .order_row import COLUMNS, OPTIONAL_COLUMNS, quote

TOO_LONG = "the line is longer than 64 KiB"
NO_OBJECT = 'the line is not a JSON object, such as {"order_id": "A-1001", …}'
# Their values may be numbers or text.
NUMBERS = frozenset({"quantity", "unit_price"})

_MEMBER = re.compile(rb'([{,] ?"([ !#-\[\]-~]{1,64})" ?: ?)("[^"\\]*+"|[^"{\[,} ]++)')
_END = re.compile(rb"\}\r?\n?")


class _Number(str):
    """A number as it is written in the file; a float could differ from it."""


class _Object(list[tuple[str, Any]]):
    """The members of an object, in which a name may occur twice."""


def next_record(content: Content) -> tuple[Record, list[str]] | None:
    """Read the line at the position, and move the position behind it; None at the end of the file.

    The second result is the names in the line that are not in COLUMNS. A value that is missing or null is empty; a
    value of the wrong type is None. Bytes that are not UTF-8 appear in the values as unpaired surrogates.
    """
    line = content.line()
    if not line:
        return None
    number = content.line_number
    content.skip_line()
    if not line.strip():
        return Record(number, line, (), []), []
    if len(line) > MAX_RECORD_BYTES:
        return Record(number, line, (), [TOO_LONG]), []
    members = _members(line.decode("utf-8", "surrogateescape"))
    if members is None:
        return Record(number, line, (), [NO_OBJECT]), []
    values: dict[str, str | None] = dict.fromkeys(COLUMNS, "")
    counts = Counter(name for name, _ in members)
    faults = [f"{name} occurs more than once" for name in COLUMNS if counts[name] > 1]
    for name, value in members:
        if name in COLUMNS:
            text, fault = _text(name, value)
            values[name] = text
            faults += [fault] if fault else []
    return Record(number, line, list(values.values()), faults), [name for name in counts if name not in COLUMNS]


def layout(line: bytes) -> tuple[tuple[bytes, str], ...] | None:
    """The names in a line, each with the bytes before its value; None if the line is nested or otherwise unusual.

    Lines that one program writes have one layout, or few. Each name in COLUMNS occurs at most once.
    """
    members = []
    at = 0
    while match := _MEMBER.match(line, at):
        before, name, _ = match.groups()
        if before.startswith(b"{") != (at == 0):
            return None
        members.append((before, name.decode("ascii")))
        at = match.end()
    counts = Counter(name for _, name in members)
    complete = all(counts[name] == 1 or (counts[name] == 0 and name in OPTIONAL_COLUMNS) for name in COLUMNS)
    return tuple(members) if complete and _END.fullmatch(line, at) else None


def _members(line: str) -> list[tuple[str, Any]] | None:
    try:
        # Names are compared in the same way as those of a CSV header.
        found = json.loads(
            line, parse_int=_Number, parse_float=_Number, parse_constant=_Number, object_pairs_hook=_Object
        )
    except (ValueError, RecursionError):
        return None
    return [(name.strip().casefold(), value) for name, value in found] if isinstance(found, _Object) else None


def _text(name: str, value: object) -> tuple[str | None, str | None]:
    if value is None:
        return "", None
    if not isinstance(value, str):
        kind = {bool: "true or false", _Object: "an object", list: "a list"}[type(value)]
        return None, f"{name} must be text, not {kind}"
    if isinstance(value, _Number) and name not in NUMBERS:
        return None, f"{name} must be text in quotes, not the number {quote(value)}"
    if name == "notes" and UNSTORABLE.search(value):
        return None, f"{name} contains a character that can't be stored: NUL or an unpaired surrogate"
    return value, None
