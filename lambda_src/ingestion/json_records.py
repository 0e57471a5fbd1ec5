"""Reads a line of JSON Lines as a record of an order."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, NamedTuple

from .content import MAX_RECORD_BYTES, Content
from .order_row import COLUMNS, OPTIONAL_COLUMNS, shown

TOO_LONG = "the line is longer than 64 KiB"
NO_OBJECT = 'the line is not one JSON object, such as {"order_id": "A-1001", …}'
# Whose values may stand as a number or as text.
NUMBERS = frozenset({"quantity", "unit_price"})

# What PostgreSQL can't store, and JSON can spell: a NUL, and either half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MEMBER = re.compile(rb'([{,] ?"([ !#-\[\]-~]{1,64})" ?: ?)("[^"\\]*+"|[^"{\[,} ]++)')
_END = re.compile(rb"\}\r?\n?")


class JsonRecord(NamedTuple):
    """One record: its line, its bytes, its values by column (None where it is no object), what is wrong
    with it, and the names it has besides.

    A value that is missing or null is empty, one of the wrong kind is None. Bytes that are no UTF-8 stand in the values
    as lone surrogates.
    """

    line_number: int
    raw: bytes
    values: dict[str, str | None] | None
    faults: list[str]
    extra: list[str]


class _Number(str):
    """A number as it stands in the file: as a float it would not be what its sender wrote."""


class _Object(list[tuple[str, Any]]):
    """An object's members: a name may stand twice."""


def next_record(content: Content) -> JsonRecord | None:
    """The line at the place of reading, which moves behind it; None at the end of the file."""
    line = content.line()
    if not line:
        return None
    number = content.line_number
    content.pass_line()
    if len(line) > MAX_RECORD_BYTES:
        return JsonRecord(number, line, None, [TOO_LONG], [])
    members = _members(line.decode("utf-8", "surrogateescape"))
    if members is None:
        return JsonRecord(number, line, None, [NO_OBJECT], [])
    values: dict[str, str | None] = {}
    counts = Counter(name for name, _ in members)
    faults = [f"{name} stands more than once" for name in COLUMNS if counts[name] > 1]
    for name, value in members:
        if name in COLUMNS:
            text, fault = _text(name, value)
            values[name] = text
            faults += [fault] if fault else []
    return JsonRecord(number, line, values, faults, [name for name in counts if name not in COLUMNS])


def layout(line: bytes) -> tuple[tuple[bytes, str], ...] | None:
    """The names in a line, each after the bytes that stand before its value; None where the line is none of the plain.

    Lines that one program writes have one layout, or few. A name that is one of COLUMNS stands once.
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
        # Names are compared as a CSV header's are.
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
        kind = {bool: "true or false", _Object: "an object", list: "a list"}.get(type(value), "no text")
        return None, f"{name} must be text, and is {kind}"
    if isinstance(value, _Number) and name not in NUMBERS:
        return None, f"{name} must be text in quotes, and is the number {shown(value)}"
    if name == "notes" and _UNSTORABLE.search(value):
        return None, f"{name} holds what can't be stored: a NUL character, or half of a character"
    return value, None
