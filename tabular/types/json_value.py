"""JSON objects and arrays, stored as jsonb."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .column_type import NOTHING, QUOTED, BadValueError, ColumnType, quote

if TYPE_CHECKING:
    from ..declaration import Field

_MAX_DEPTH = 50  # parsers are recursive, PostgreSQL's too
_MAX_NUMBER_CHARACTERS = 100
_MAX_EXPONENT = 300
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_KINDS = {"object": dict, "array": list}
_EXAMPLES = {"object": '{"colour": "red"}', "array": '["red", "blue"]'}


def make(field: Field) -> ColumnType:
    """The fast path takes flat values only: objects of scalars and of arrays of scalars."""
    kind = field.type
    rule = f"one JSON {kind}, such as {_EXAMPLES[kind]}"

    def check(value: str) -> str:
        try:
            found = json.loads(value, parse_constant=_refuse, parse_int=_checked, parse_float=_checked)
        except BadValueError:
            raise
        except (ValueError, RecursionError):
            raise BadValueError(f"{quote(value)} must be {rule}") from None
        if not isinstance(found, _KINDS[kind]):
            raise BadValueError(f"{quote(value)} must be {rule}")
        for each, depth in _walk(found, 1):
            if depth > _MAX_DEPTH:
                raise BadValueError(f"{quote(value)} must have at most {_MAX_DEPTH} levels")
            if isinstance(each, str) and _UNSTORABLE.search(each):
                raise BadValueError("contains a character that can't be stored: NUL or an unpaired surrogate")
        return value

    return ColumnType(
        sql_type="jsonb",
        rule=rule,
        example=_EXAMPLES[kind],
        check=check,
        # A quoted CSV value doubles each quote.
        pattern=lambda span: _flat(kind, '""') if span is QUOTED else NOTHING,
        json_pattern=_flat(kind, '"'),
        trims=False,
    )


def _flat(kind: str, mark: str) -> str:
    """A pattern of flat values without escapes; `mark` is how a quote is written."""
    text = rf"{mark}[ !#-\[\]-~\x80-\xff]*+{mark}"
    scalar = rf"(?:{text}|-?(?:0|[1-9][0-9]{{0,14}}+)(?:\.[0-9]{{1,15}}+)?+|true|false|null)"
    array = rf"\[(?:{scalar}(?:, ?{scalar})*+)?\]"
    member = rf"{text}: ?(?:{scalar}|{array})"
    return array if kind == "array" else rf"\{{(?:{member}(?:, ?{member})*+)?\}}"


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _checked(number: str) -> str:
    """PostgreSQL would refuse the whole batch for a number with an enormous exponent."""
    exponent = re.search("[eE](.*)", number)
    if len(number) > _MAX_NUMBER_CHARACTERS or (exponent and abs(int(exponent[1])) > _MAX_EXPONENT):
        raise BadValueError(f"{quote(number)} is too large or too small for a number in JSON")
    return ""


def _walk(value: object, depth: int) -> Iterator[tuple[object, int]]:
    """Every value and every key, with its depth."""
    yield value, depth
    if isinstance(value, dict):
        for key, each in value.items():
            yield key, depth
            yield from _walk(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from _walk(each, depth + 1)
