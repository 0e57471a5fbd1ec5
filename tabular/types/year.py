"""Years, and months of a year."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .column_type import (
    BLANKS,
    NOTHING,
    BadValueError,
    ColumnType,
    PropertyError,
    in_words,
    limits,
    quote,
    sql_limits,
    sql_text,
    within,
)
from .patterns import digits

if TYPE_CHECKING:
    from ..declaration import Field

_YEAR = "[0-9]{4}"
_MONTH = "[0-9]{4}-(?:0[1-9]|1[0-2])"


def make(field: Field) -> ColumnType:
    """A year of four digits."""
    year = re.compile(_YEAR)

    def read(value: object) -> int:
        if isinstance(value, bool) or not year.fullmatch(str(value)):
            raise ValueError
        return int(str(value))

    bounds = limits(field, read)
    low = max(bounds.get("minimum", 0), bounds.get("exclusiveMinimum", -1) + 1)
    high = min(bounds.get("maximum", 9999), bounds.get("exclusiveMaximum", 10_000) - 1)
    if low > high:
        raise PropertyError("constraints", "the limits allow no year", dict(field.constraints))
    example = f"{min(max(2026, low), high):04}"
    rule = f"a year of four digits{in_words(bounds, '{:04}'.format)}, such as {example}"

    def check(value: str) -> str:
        given = value.strip(BLANKS)
        if not year.fullmatch(given) or not low <= int(given) <= high:
            raise BadValueError(f"{quote(value)} must be {rule}")
        return str(int(given))

    sure = f"(?:{'|'.join(digits(f'{low:04}', f'{high:04}'))})"
    return ColumnType(
        sql_type="smallint",
        rule=rule,
        example=example,
        check=check,
        pattern=lambda _: sure,
        json_pattern=rf"(?!0){sure}",
        sql_checks=(f"{{}} BETWEEN {low} AND {high}",),
        number=True,
    )


def make_month(field: Field) -> ColumnType:
    """A month of a year, kept as text, which sorts by time."""
    month = re.compile(_MONTH)

    def read(value: str) -> str:
        if not month.fullmatch(value):
            raise ValueError
        return value

    bounds = limits(field, read)
    rule = f"a month{in_words(bounds)}, such as 2026-03"

    def check(value: str) -> str:
        given = value.strip(BLANKS)
        if not month.fullmatch(given) or not within(given, bounds):
            raise BadValueError(f"{quote(value)} must be {rule}")
        return given

    return ColumnType(
        sql_type="text",
        rule=rule,
        example="2026-03",
        check=check,
        pattern=lambda span: _MONTH if not bounds and span.has("-") else NOTHING,
        sql_checks=("char_length({}) = 7", *sql_limits(bounds, sql_text)),
        max_length=7,
    )
