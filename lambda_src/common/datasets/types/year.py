"""Years, and months of a year."""

from __future__ import annotations

import re

from .column_type import BLANKS, NOTHING, BadValueError, ColumnType, DeclaredField, UnsupportedError
from .column_type import in_words, limits, quote, sql_limits, sql_text, within
from .patterns import digits

_YEAR = re.compile(r"[0-9]{4}")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")


def make(field: DeclaredField) -> ColumnType:
    """A year of four digits."""
    _refuse_choices(field)
    bounds = limits(field, lambda value: int(_year(str(value))))
    low = max(bounds.get("minimum", 0), bounds.get("exclusiveMinimum", -1) + 1)
    high = min(bounds.get("maximum", 9999), bounds.get("exclusiveMaximum", 10_000) - 1)
    if low > high:
        raise UnsupportedError("the limits allow no year", dict(field.constraints))
    rule = f"a year of four digits{in_words(bounds)}, such as {min(max(2026, low), high)}"

    def check(value: str) -> str:
        given = value.strip(BLANKS)
        if not _YEAR.fullmatch(given) or not low <= int(given) <= high:
            raise BadValueError(f"{quote(value)} must be {rule}")
        return str(int(given))

    sure = f"(?:{'|'.join(digits(f'{low:04}', f'{high:04}'))})"
    return ColumnType(
        sql_type="smallint",
        rule=rule,
        example=str(min(max(2026, low), high)),
        check=check,
        pattern=lambda _: sure,
        json_pattern=rf"(?!0){sure}",
        sql_checks=(f"{{}} BETWEEN {low} AND {high}",),
        number=True,
    )


def make_month(field: DeclaredField) -> ColumnType:
    """A month of a year, kept as text, which sorts by time."""
    _refuse_choices(field)
    bounds = limits(field, lambda value: _month(str(value)))
    rule = f"a month{in_words(bounds)}, such as 2026-03"

    def check(value: str) -> str:
        given = value.strip(BLANKS)
        if not _MONTH.fullmatch(given) or not within(given, bounds):
            raise BadValueError(f"{quote(value)} must be {rule}")
        return given

    return ColumnType(
        sql_type="text",
        rule=rule,
        example="2026-03",
        check=check,
        pattern=lambda span: NOTHING if bounds or not span.has("-") else _MONTH.pattern,
        sql_checks=("char_length({}) = 7", *sql_limits(bounds, sql_text)),
        max_length=7,
    )


def _refuse_choices(field: DeclaredField) -> None:
    if "enum" in field.constraints:
        raise UnsupportedError(f"enum is not supported for a {field.type}: use a string", field.constraints["enum"])


def _year(text: str) -> str:
    if not _YEAR.fullmatch(text):
        raise ValueError
    return text


def _month(text: str) -> str:
    if not _MONTH.fullmatch(text):
        raise ValueError
    return text
