"""Decimal numbers, stored exactly."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from ..codes import iso4217
from .column_type import (
    BLANKS,
    NOTHING,
    BadValueError,
    Column,
    ColumnType,
    PropertyError,
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
from .patterns import WHOLE_DIGITS, numbers, numbers_in_groups

if TYPE_CHECKING:
    from ..declaration import Field

_MAX_CHARACTERS = 100
_MAX_EXPONENT = 300
_FRACTION_DIGITS = 30  # the most decimals that a pattern matches if none are declared
_LIMIT = re.compile(r"-?[0-9.]{1,28}(?:[eE][+-]?[0-9]{1,2})?")  # so that arithmetic with limits is exact


def make(field: Field) -> ColumnType:
    """Stored exactly. Only a number without declared decimals may have an exponent.

    If a currency decides the number of decimals, the rules for a row check it.
    """
    point, group, bare = decimal_character(field), group_character(field), is_bare(field)
    decimals = iso4217.MAX_DECIMALS if isinstance(field.decimals, str) else field.decimals
    bounds, allowed = limits(field, _limit), choices(field, _limit)
    if allowed and decimals is not None:
        raise PropertyError("x-field/decimals", "can't stand beside constraints/enum", field.decimals)
    example = _plain(allowed[0]) if allowed else "12" if decimals in (0, 1) else f"12{point}50"
    rule = f"a number{in_words(bounds, '{:,f}'.format)}{_decimals_in_words(field)}, such as {example}"
    rule = one_of(map(_plain, allowed)) if allowed else rule
    most = 10 ** (_MAX_EXPONENT if decimals is None else WHOLE_DIGITS)
    mark = re.escape(point)
    exponent = "[eE][+-]?[0-9]{1,4}" if decimals is None else ""
    form = re.compile(rf"([+-]?)(?=[0-9]|{mark}[0-9])((?:{grouped(group)})?)(?:{mark}([0-9]*))?((?:{exponent})?)")

    def check(value: str) -> str:
        given = strip_signs(value.strip(BLANKS), bare=bare)
        match = form.fullmatch(given) if len(given) <= _MAX_CHARACTERS else None
        if not match:
            raise BadValueError(f"{quote(value)} must be {rule}")
        sign, whole, fraction, power = match.groups(default="")
        if decimals is not None:
            # 19.9900 has two decimals: zeros at the end don't count.
            fraction = fraction[:decimals] + fraction[decimals:].rstrip("0")
        number = Decimal(f"{sign}{ungrouped(whole, group) or '0'}.{fraction}{power}")
        if number.copy_abs() >= most or (number and number.adjusted() < -_MAX_EXPONENT):
            raise BadValueError(f"{quote(value)} is too large or too small")
        too_long = isinstance(field.decimals, int) and len(fraction) > field.decimals
        if too_long or not within(number, bounds) or (allowed and number not in allowed):
            raise BadValueError(f"{quote(value)} must be {rule}")
        return _plain(number)

    # Group characters beyond ASCII have several bytes, and `rewrite` deletes single ones.
    rewritten = group.isascii() and (group != "" or point != ".")
    to_dot = bytes.maketrans(point.encode(), b".")

    def rewrite(column: Column) -> list[bytes]:
        return b"\n".join(column).translate(to_dot, group.encode()).split(b"\n")

    digits = _FRACTION_DIGITS if decimals is None else decimals

    def pattern(span: Span) -> str:
        after = point if span.has(point) and (rewritten or point == ".") else ""
        if allowed:
            words = (_plain(each).replace(".", point) for each in allowed)
            return words_pattern((each for each in words if after or point not in each), span)
        in_groups = rewritten and group and span.has(group)
        return either(
            numbers_in_groups(bounds, digits, after, group) if in_groups else NOTHING, numbers(bounds, digits, after)
        )

    checks = sql_limits(bounds, _plain) + sql_choices(allowed, _plain)
    return ColumnType(
        # Without a precision, more decimals or larger limits don't rewrite the table.
        sql_type="numeric",
        rule=rule,
        example=example,
        check=check,
        pattern=pattern,
        json_pattern=None if allowed else numbers(bounds, digits, "."),
        sql_checks=checks if decimals is None else (*checks, f"scale({{}}) <= {decimals}"),
        rewrite=rewrite if rewritten else None,
        number=True,
    )


def _limit(value: object) -> Decimal:
    if not _LIMIT.fullmatch(str(value)):
        raise ValueError
    return Decimal(str(value))


def _plain(number: Decimal) -> str:
    """The number without an exponent."""
    return format(number, "f")


def _decimals_in_words(field: Field) -> str:
    if not isinstance(field.decimals, int):
        return ""
    words = {0: " without decimals", 1: " with at most 1 decimal"}
    return words.get(field.decimals, f" with at most {field.decimals} decimals")
