"""Whole numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .column_type import (
    BLANKS,
    NOTHING,
    BadValueError,
    ColumnType,
    PropertyError,
    choices,
    in_words,
    limits,
    one_of,
    quote,
    sql_choices,
    sql_limits,
)
from .grouping import group_character, grouped, is_bare, strip_signs, ungrouped
from .patterns import whole_numbers

if TYPE_CHECKING:
    from ..declaration import Field

_INTEGER = (-(2**31), 2**31 - 1)
_BIGINT = (-(2**63), 2**63 - 1)
_MAX_DIGITS = 19
_ZEROS = r"(?:\.0+)?"


def make(field: Field) -> ColumnType:
    """Stored as integer if the limits allow it, otherwise as bigint. 2.0 is read as 2."""
    bounds, allowed = limits(field, _whole), sorted(choices(field, _whole))
    low = max(_BIGINT[0], bounds.get("minimum", _BIGINT[0]), bounds.get("exclusiveMinimum", _BIGINT[0] - 1) + 1)
    high = min(_BIGINT[1], bounds.get("maximum", _BIGINT[1]), bounds.get("exclusiveMaximum", _BIGINT[1] + 1) - 1)
    if allowed:
        low, high = allowed[0], allowed[-1]
    if low > high:
        raise PropertyError("constraints", "the limits allow no whole number", dict(field.constraints))
    group, bare = group_character(field), is_bare(field)
    rule = one_of(allowed) if allowed else f"a whole number{in_words(bounds, '{:,}'.format)}"
    if not bounds and not allowed:
        rule += " of at most 18 digits"
    # With "." as the group character, 2.000 is two thousand.
    form = re.compile(rf"([+-]?)({grouped(group)}){'' if group == '.' else _ZEROS}")

    def check(value: str) -> str:
        match = form.fullmatch(strip_signs(value.strip(BLANKS), bare=bare))
        # int() refuses texts of thousands of digits, zeros included.
        digits = ungrouped(match[2], group).lstrip("0") if match else ""
        if match is None or len(digits) > _MAX_DIGITS:
            raise BadValueError(f"{quote(value)} must be {rule}")
        number = int(f"{match[1]}{digits or '0'}")
        if not low <= number <= high or (allowed and number not in allowed):
            raise BadValueError(f"{quote(value)} must be {rule}")
        return str(number)

    if allowed:
        sure = "|".join(map(str, allowed))
    else:
        sure = whole_numbers(max(low, -(10**18) + 1), min(high, 10**18 - 1)) or NOTHING
    return ColumnType(
        sql_type="integer" if _INTEGER[0] <= low and high <= _INTEGER[1] else "bigint",
        rule=rule,
        example=str(allowed[0] if allowed else min(max(low, 12), high)),
        check=check,
        pattern=lambda span: sure if span.has("-") or low >= 0 else NOTHING,
        json_pattern=sure,
        sql_checks=(*sql_limits(bounds), *sql_choices(allowed)),
        number=True,
    )


def _whole(value: object) -> int:
    if isinstance(value, bool) or not re.fullmatch("-?[0-9]{1,19}", str(value)):
        raise ValueError
    number = int(str(value))
    if not _BIGINT[0] <= number <= _BIGINT[1]:
        raise ValueError
    return number
