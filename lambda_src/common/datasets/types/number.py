"""Decimal numbers, stored exactly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from ..codes import iso4217
from .column_type import BLANKS, BadValueError, Column, ColumnType, DeclaredField, NOTHING, Span, UnsupportedError
from .column_type import either, in_words, limits, one_of, quote, sql_limits, within
from .grouping import decimal_character, group_character, grouped, is_bare, strip_signs, ungrouped
from .patterns import whole_numbers

_MAX_CHARACTERS = 100
_MAX_EXPONENT = 300
_INTEGER_DIGITS = 18  # of a number without limits, and of a pattern


def make(field: DeclaredField) -> ColumnType:
    """Stored exactly, with at most the declared decimals. Only a number without declared decimals may have an exponent."""
    point, group, bare = decimal_character(field), group_character(field), is_bare(field)
    decimals = iso4217.MAX_DECIMALS if isinstance(field.decimals, str) else field.decimals
    bounds = limits(field, _decimal)
    choices = [_choice(each) for each in field.constraints.get("enum", ())]
    example = f"12{point}50" if decimals is None or decimals >= 2 else "12"
    rule = one_of(sorted(choices)) if choices else "a number" + in_words(bounds, "{:,}".format)
    if isinstance(field.decimals, int):
        rule += " with at most " + ("1 decimal" if decimals == 1 else f"{decimals} decimals") if decimals else " without decimals"
    dot, exponent = re.escape(point), "" if decimals is not None else "(?:[eE][+-]?[0-9]{1,4})?"
    form = re.compile(rf"[+-]?(?:{grouped(group)}(?:{dot}[0-9]*)?|{dot}[0-9]+){exponent}")
    most = 10 ** (_INTEGER_DIGITS if decimals is not None else _MAX_EXPONENT)

    def check(value: str) -> str:
        given = strip_signs(value.strip(BLANKS), bare=bare)
        if len(given) > _MAX_CHARACTERS or not form.fullmatch(given):
            raise BadValueError(f"{quote(value)} must be {rule}, such as {example}")
        number = Decimal(ungrouped(given, group).replace(point, "."))
        if decimals is not None:
            rounded = round(number, decimals)
            if rounded != number:
                raise BadValueError(f"{quote(value)} must be {rule}, such as {example}")
            number = rounded if _decimals(number) > decimals else number
        if abs(number) >= most or (number and number.adjusted() < -_MAX_EXPONENT):
            raise BadValueError(f"{quote(value)} is too large or too small")
        if not within(number, bounds) or (choices and number not in choices):
            raise BadValueError(f"{quote(value)} must be {rule}, such as {example}")
        return format(number, "f")

    def rewrite(column: Column) -> list[bytes]:
        return b"\n".join(column).translate(table, group.encode("latin-1")).split(b"\n")

    table = bytes.maketrans(point.encode(), b".")
    checks = sql_limits(bounds)
    if decimals is not None:
        checks = (*checks, f"scale({{}}) <= {decimals}")
    if choices:
        checks = (*checks, f"{{}} IN ({', '.join(map(str, sorted(choices)))})")
    fraction = rf"(?:{dot}[0-9]{{1,{30 if decimals is None else decimals}}}+)?+" if decimals != 0 else ""
    body = NOTHING if choices else _between(bounds, decimals, fraction)
    # Group characters beyond ASCII have several bytes, and `rewrite` deletes single ones.
    many = _grouped_between(bounds, group, fraction) if group.isascii() and not choices else NOTHING
    rewritten = bool(group) or point != "."
    return ColumnType(
        # Without a precision: then more decimals or larger limits need no rewrite of the table.
        sql_type="numeric",
        rule=rule,
        example=example,
        check=check,
        pattern=lambda span: either(many, body) if span.has(f"-{point}{group}") and group.isascii() else _without_point(span, bounds),
        json_pattern=_between(bounds, decimals, fraction.replace(dot, r"\.")) if not choices else NOTHING,
        sql_checks=checks,
        rewrite=rewrite if rewritten and group.isascii() else None,
        number=True,
    )


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _decimal(value: object) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError
    return number


def _choice(value: object) -> Decimal:
    try:
        return _decimal(value)
    except (ValueError, ArithmeticError):
        raise UnsupportedError("enum of a number must be a list of numbers", value) from None


def _ends(bounds: Mapping[str, Decimal], decimals: int | None) -> tuple[int, int]:
    """The whole numbers from which and up to which each whole part, with any fraction, is surely within the limits.

    The whole part is that of the absolute value: -3 stands for -3.99 to -3.00.
    """
    limit = 10**_INTEGER_DIGITS - 1
    low = max((bounds[name] for name in ("minimum", "exclusiveMinimum") if name in bounds), default=Decimal(-limit))
    high = min((bounds[name] for name in ("maximum", "exclusiveMaximum") if name in bounds), default=Decimal(limit))
    largest_fraction = 1 - Decimal(1).scaleb(-decimals) if decimals is not None else Decimal(1)
    return _inside(-low, largest_fraction, "exclusiveMinimum" in bounds), _inside(high, largest_fraction, "exclusiveMaximum" in bounds)


def _inside(limit: Decimal, largest_fraction: Decimal, exclusive: bool) -> int:
    """The largest whole part w with w + fraction below the limit for each fraction; negative if there is none."""
    whole = int(limit) if limit >= 0 else -1
    if whole >= 0 and (whole + largest_fraction > limit or (exclusive and whole + largest_fraction >= limit)):
        whole -= 1
    return min(whole, 10**_INTEGER_DIGITS - 1)


def _between(bounds: Mapping[str, Decimal], decimals: int | None, fraction: str) -> str:
    """Plain numbers that are surely within the limits. Without limits, up to 18 digits before the decimals."""
    below, above = _ends(bounds, decimals)
    found = []
    floor = max((bounds[name] for name in ("minimum", "exclusiveMinimum") if name in bounds), default=Decimal(0))
    smallest = int(floor) + 1 if floor > 0 or (floor == 0 and "exclusiveMinimum" in bounds) else 0
    ceiling = min((bounds[name] for name in ("maximum", "exclusiveMaximum") if name in bounds), default=Decimal(0))
    if above >= smallest:
        found.append(f"(?:{whole_numbers(smallest, above)}){fraction}")
    if "maximum" in bounds and bounds["maximum"] == int(bounds["maximum"]) >= max(smallest, 0) and "exclusiveMaximum" not in bounds:
        found.insert(0, f"{int(bounds['maximum'])}")
    if below >= 0 and ceiling >= 0:
        found.append(f"-(?:{whole_numbers(0, below)}){fraction}")
    return either(*found)


def _grouped_between(bounds: Mapping[str, Decimal], group: str, fraction: str) -> str:
    """Positive numbers of a thousand or more in groups, up to the widest that is surely within the limits."""
    _, above = _ends(bounds, None)
    width = len(str(above + 1)) - 1
    floor = max((bounds[name] for name in ("minimum", "exclusiveMinimum") if name in bounds), default=Decimal(0))
    groups = (width - 1) // 3
    if not group or width < 4 or floor >= 1000:
        return NOTHING
    each, leading = f"(?:{re.escape(group)}[0-9]{{3}})", width - 3 * groups - 1
    found = [f"[1-9][0-9]{{0,{leading}}}+{each}{{{groups}}}(?!{re.escape(group)})"]
    if groups > 1:
        found.append(f"[1-9][0-9]{{0,2}}+{each}{{1,{groups - 1}}}+(?!{re.escape(group)})")
    return f"{either(*found)}{fraction}"


def _without_point(span: Span, bounds: Mapping[str, Decimal]) -> str:
    """Where the decimal or group character would end the value, only whole numbers without groups fit."""
    return _between(bounds, 0, "") if span.has("-") else NOTHING
