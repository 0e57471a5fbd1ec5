"""JSON objects and arrays, stored as jsonb."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

from .column_type import NOTHING, QUOTED, BadValueError, ColumnType, DeclaredField, quote

_MAX_EXPONENT = 300
_MAX_DEPTH = 50  # PostgreSQL's parser is recursive, and so are its readers
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_NUMBER = r"-?(?:0|[1-9][0-9]{0,14}+)(?:\.[0-9]{1,15}+)?+"
# In a quoted CSV value each quote is doubled.
_TEXT = r'""[ !#-\[\]-~\x80-\xff]*+""'
_SCALAR = rf"(?:{_TEXT}|{_NUMBER}|true|false|null)"
_ARRAY = rf"\[(?:{_SCALAR}(?:, ?{_SCALAR})*+)?\]"
_MEMBER = rf"{_TEXT}: ?(?:{_SCALAR}|{_ARRAY})"
_FLAT = {"object": rf"\{{(?:{_MEMBER}(?:, ?{_MEMBER})*+)?\}}", "array": _ARRAY}
_KINDS = {"object": dict, "array": list}
_EXAMPLES = {"object": '{"colour": "red"}', "array": '["red", "blue"]'}


def make(field: DeclaredField) -> ColumnType:
    """The fast path takes flat values only: objects of scalars and of arrays of scalars."""
    kind = field.type
    rule = f"one JSON {kind}, such as {_EXAMPLES[kind]}"

    def check(value: str) -> str:
        try:
            found = json.loads(value, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise BadValueError(f"{quote(value)} must be {rule}") from None
        if not isinstance(found, _KINDS[kind]):
            raise BadValueError(f"{quote(value)} must be {rule}")
        for scalar, depth in _scalars(found, 1):
            if depth > _MAX_DEPTH:
                raise BadValueError(f"{quote(value)} must have at most {_MAX_DEPTH} levels")
            if isinstance(scalar, str) and _UNSTORABLE.search(scalar):
                raise BadValueError("contains a character that can't be stored: NUL or an unpaired surrogate")
            if isinstance(scalar, float) and (math.isinf(scalar) or abs(scalar) > 10.0**_MAX_EXPONENT):
                raise BadValueError(f"{quote(value)} contains a number that is too large")
        return value

    return ColumnType(
        sql_type="jsonb",
        rule=rule,
        example=_EXAMPLES[kind],
        check=check,
        pattern=lambda span: _FLAT[kind] if span is QUOTED else NOTHING,
        trims=False,
    )


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _scalars(value: object, depth: int) -> Iterator[tuple[object, int]]:
    """Every key and every value that is neither an object nor a list, with its depth."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield key, depth
            yield from _scalars(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from _scalars(each, depth + 1)
    else:
        yield value, depth
