"""Decimal numbers, stored exactly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from math import ceil, floor
from typing import TYPE_CHECKING

from ..codes import iso4217
from .column_type import (
    BLANKS,
    NOTHING,
    BadValueError,
    Column,
    ColumnType,
    Span,
    choices,
    either,
    in_words,
    limits,
    one_of,
    quote,
    sql_choices,
    sql_limits,
    within,
    words_pattern,
)
from .grouping import decimal_character, group_character, grouped, is_bare, strip_signs, ungrouped
from .patterns import whole_numbers

if TYPE_CHECKING:
    from ..declaration import Field

_MAX_CHARACTERS = 100
_MAX_EXPONENT = 300
_WHOLE_DIGITS = 18  # of a number with declared decimals, and of a pattern
_LIMIT_DIGITS = 28  # so that arithmetic with limits is exact
_FRACTION_DIGITS = 30  # of a pattern, where no decimals are declared


def make(field: Field) -> ColumnType:
    """Stored exactly. Only a number without declared decimals may have an exponent.

    Where a currency decides about the decimals, the rules for a row check them.
    """
    point, group, bare = decimal_character(field), group_character(field), is_bare(field)
    decimals = iso4217.MAX_DECIMALS if isinstance(field.decimals, str) else field.decimals
    bounds, allowed = limits(field, _decimal), choices(field, _decimal)
    most = 10 ** (_MAX_EXPONENT if decimals is None else _WHOLE_DIGITS)
    example = _plain(allowed[0]) if allowed else "12" if decimals in (0, 1) else f"12{point}50"
    rule = f"a number{in_words(bounds, _plain)}{_decimals_rule(field)}, such as {example}"
    if allowed:
        rule = one_of(map(_plain, allowed))
    form = re.compile(
        rf"(?P<sign>[+-]?)(?=[0-9]|{re.escape(point)}[0-9])(?P<whole>(?:{grouped(group)})?)"
        rf"(?:{re.escape(point)}(?P<fraction>[0-9]*))?{'(?P<exponent>[eE][+-]?[0-9]{1,4})?' if decimals is None else ''}"
    )

    def check(value: str) -> str:
        given = strip_signs(value.strip(BLANKS), bare=bare)
        match = form.fullmatch(given) if len(given) <= _MAX_CHARACTERS else None
        if not match:
            raise BadValueError(f"{quote(value)} must be {rule}")
        parts = match.groupdict(default="")
        # 19.9900 is 19.99: zeros at the end are no decimals.
        fraction = parts["fraction"] if decimals is None else _shortened(parts["fraction"], decimals)
        number = Decimal(f"{parts['sign']}{ungrouped(parts['whole'], group)}.{fraction}{parts.get('exponent', '')}")
        if number.copy_abs() >= most or (number and number.adjusted() < -_MAX_EXPONENT):
            raise BadValueError(f"{quote(value)} is too large or too small")
        too_long = isinstance(field.decimals, int) and len(fraction) > field.decimals
        if too_long or not within(number, bounds) or (allowed and number not in allowed):
            raise BadValueError(f"{quote(value)} must be {rule}")
        return _plain(number, grouped=False)

    def rewrite(column: Column) -> list[bytes]:
        return b"\n".join(column).translate(to_point, group.encode()).split(b"\n")

    to_point = bytes.maketrans(point.encode(), b".")
    digits = _FRACTION_DIGITS if decimals is None else decimals
    fraction_of = {mark: rf"(?:{re.escape(mark)}[0-9]{{1,{digits}}}+)?+" if digits else "" for mark in (point, ".")}
    # Group characters beyond ASCII have several bytes, and `rewrite` deletes single ones.
    rewritten = group.isascii() and (group != "" or point != ".")

    def pattern(span: Span) -> str:
        if allowed:
            return words_pattern((_plain(each, grouped=False).replace(".", point) for each in allowed), span)
        fraction = fraction_of[point] if span.has(point) and (rewritten or point == ".") else ""
        groups = _in_groups(bounds, digits, group) if rewritten and group and span.has(group) else NOTHING
        return either(f"{groups}{fraction}", _between(bounds, digits, fraction))

    return ColumnType(
        # Without a precision: then more decimals or larger limits need no rewrite of the table.
        sql_type="numeric",
        rule=rule,
        example=example,
        check=check,
        pattern=pattern,
        json_pattern=None if allowed else _between(bounds, digits, fraction_of["."]),
        sql_checks=(
            *sql_limits(bounds, lambda limit: _plain(limit, grouped=False)),
            *(() if decimals is None else (f"scale({{}}) <= {decimals}",)),
            *sql_choices(allowed, lambda each: _plain(each, grouped=False)),
        ),
        rewrite=rewrite if rewritten else None,
        number=True,
    )


def _decimals_rule(field: Field) -> str:
    if not isinstance(field.decimals, int):
        return ""
    words = {0: " without decimals", 1: " with at most 1 decimal"}
    return words.get(field.decimals, f" with at most {field.decimals} decimals")


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool):
        raise ValueError
    number = Decimal(str(value))
    if (
        not number.is_finite()
        or number.copy_abs() >= 10**_MAX_EXPONENT
        or len(number.as_tuple().digits) > _LIMIT_DIGITS
    ):
        raise ValueError
    return number


def _plain(number: Decimal, *, grouped: bool = True) -> str:
    """The number without an exponent."""
    return format(number, ",f" if grouped else "f")


def _shortened(fraction: str, decimals: int) -> str:
    """The decimals without the zeros at their end that are too many."""
    return fraction[:decimals] + fraction[decimals:].rstrip("0")


def _wholes(bounds: Mapping[str, Decimal], decimals: int) -> tuple[int, int]:
    """The first and the last whole part, from 0 on, that is within the limits with every fraction of that width."""
    first = max(0, ceil(bounds.get("minimum", 0)), floor(bounds.get("exclusiveMinimum", -1)) + 1)
    last = 10**_WHOLE_DIGITS - 1
    if "maximum" in bounds:
        last = min(last, (floor(bounds["maximum"].scaleb(decimals)) + 1) // 10**decimals - 1)
    if "exclusiveMaximum" in bounds:
        last = min(last, ceil(bounds["exclusiveMaximum"].scaleb(decimals)) // 10**decimals - 1)
    return first, last


def _mirrored(bounds: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The limits for the absolute values of negative numbers."""
    other = {
        "minimum": "maximum",
        "maximum": "minimum",
        "exclusiveMinimum": "exclusiveMaximum",
        "exclusiveMaximum": "exclusiveMinimum",
    }
    return {other[name]: bound.copy_negate() for name, bound in bounds.items()}


def _between(bounds: Mapping[str, Decimal], decimals: int, fraction: str) -> str:
    """Numbers that are surely within the limits, with at most 18 digits before the decimals."""
    found = []
    for sign, (first, last) in (("", _wholes(bounds, decimals)), ("-", _wholes(_mirrored(bounds), decimals))):
        if first <= last:
            found.append(f"{sign}(?:{whole_numbers(first, last)}){fraction}")
        # The maximum itself has a whole part that is too large for a fraction: 100 of 0 to 100.
        if not sign and bounds.get("maximum") == last + 1 and "exclusiveMaximum" not in bounds:
            found.append(str(last + 1))
    return either(*found)


def _in_groups(bounds: Mapping[str, Decimal], decimals: int, group: str) -> str:
    """Numbers of a thousand or more in full groups, as far as all of them are surely within the limits."""
    first, last = _wholes(bounds, decimals)
    groups = (len(str(last + 1)) - 1) // 3 - 1 if last > 0 else 0
    if first > 1000 or groups < 1:
        return NOTHING
    return rf"[1-9][0-9]{{0,2}}+(?:{re.escape(group)}[0-9]{{3}}){{1,{groups}}}+"
