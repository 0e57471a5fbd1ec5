"""Whole numbers."""

from __future__ import annotations

import re

from .column_type import BLANKS, BadValueError, ColumnType, DeclaredField, NOTHING, Span, UnsupportedError
from .column_type import in_words, limits, one_of, quote, sql_limits, within
from .grouping import group_character, grouped, is_bare, strip_signs, ungrouped
from .patterns import whole_numbers

_INTEGER = (-(2**31), 2**31 - 1)
_BIGINT = (-(2**63), 2**63 - 1)
_MAX_DIGITS = 19
_ZEROS = r"(?:\.0+)?"


def make(field: DeclaredField) -> ColumnType:
    """Stored as integer if the limits allow it, otherwise as bigint. 2.0 is read as 2."""
    bounds = limits(field, _whole)
    low = max([_BIGINT[0], *(bounds[name] for name in ("minimum",) if name in bounds)])
    low = max(low, bounds["exclusiveMinimum"] + 1) if "exclusiveMinimum" in bounds else low
    high = min([_BIGINT[1], *(bounds[name] for name in ("maximum",) if name in bounds)])
    high = min(high, bounds["exclusiveMaximum"] - 1) if "exclusiveMaximum" in bounds else high
    if low > high:
        raise UnsupportedError("the limits allow no value", dict(field.constraints))
    choices = [_choice(each) for each in field.constraints.get("enum", ())]
    group, bare = group_character(field), is_bare(field)
    rule = one_of(sorted(choices)) if choices else "a whole number" + in_words(bounds, "{:,}".format)
    if not bounds and not choices:
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
        if not low <= number <= high or (choices and number not in choices):
            raise BadValueError(f"{quote(value)} must be {rule}")
        return str(number)

    if choices:
        # Longer ones first: 1 would match the beginning of 12.
        sure = "|".join(str(each) for each in sorted(choices, key=lambda each: -len(str(each))))
    else:
        sure = whole_numbers(max(low, -(10**18) + 1), min(high, 10**18 - 1))
    checks = sql_limits(bounds)
    if choices:
        checks = (*checks, f"{{}} IN ({', '.join(map(str, sorted(choices)))})")
    return ColumnType(
        sql_type="integer" if _INTEGER[0] <= low and high <= _INTEGER[1] else "bigint",
        rule=rule,
        example=str(min(max(low, 12), high)),
        check=check,
        pattern=lambda span: sure if span.has("-") or low >= 0 else NOTHING,
        json_pattern=sure,
        sql_checks=checks,
        number=True,
    )


def _whole(value: object) -> int:
    number = int(str(value))
    if not _BIGINT[0] < number < _BIGINT[1]:
        raise ValueError
    return number


def _choice(value: object) -> int:
    try:
        return _whole(value)
    except ValueError:
        raise UnsupportedError("enum of an integer must be a list of whole numbers", value) from None
