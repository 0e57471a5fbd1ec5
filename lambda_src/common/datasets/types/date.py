"""Dates, in ISO 8601's form or in a declared format."""

from __future__ import annotations

import re
from datetime import date, timedelta

from .calendar import days, declared_format
from .column_type import BLANKS, NOTHING, BadValueError, ColumnType, DeclaredField, UnsupportedError
from .column_type import in_words, limits, one_of, quote, sql_limits, within

EXAMPLE = date(2026, 3, 31)
_ISO = re.compile(r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})")
_ONE_DAY = timedelta(days=1)


def make(field: DeclaredField) -> ColumnType:
    """Limits are written in ISO 8601's form, whatever the format of the files."""
    if field.format == "any":
        raise UnsupportedError('format "any" would guess; declare one, such as %d.%m.%Y', field.format)
    own = declared_format(field.format, "Ymd") if field.format != "default" else None
    form = own.form if own else _ISO
    bounds = limits(field, date.fromisoformat)
    try:
        choices = [date.fromisoformat(str(each)) for each in field.constraints.get("enum", ())]
    except ValueError:
        raise UnsupportedError("enum must be a list of dates such as 2026-03-31", field.constraints["enum"]) from None
    example = EXAMPLE.strftime(field.format) if own else EXAMPLE.isoformat()
    rule = one_of(choices) if choices else f"a date{in_words(bounds)}, such as {example}"

    def check(value: str) -> str:
        match = form.fullmatch(value.strip(BLANKS))
        if not match:
            raise BadValueError(f"{quote(value)} must be {rule}")
        try:
            found = date(int(match["Y"]), int(match["m"]), int(match["d"]))
        except ValueError:
            raise BadValueError(f"{quote(value)} must be a date that exists") from None
        if not within(found, bounds) or (choices and found not in choices):
            raise BadValueError(f"{quote(value)} must be {rule}")
        return found.isoformat()

    lows = [bounds[name] + shift for name, shift in (("minimum", 0 * _ONE_DAY), ("exclusiveMinimum", _ONE_DAY)) if name in bounds]
    highs = [bounds[name] - shift for name, shift in (("maximum", 0 * _ONE_DAY), ("exclusiveMaximum", _ONE_DAY)) if name in bounds]
    low, high = max(lows, default=None), min(highs, default=None)
    order, separator = (own.order, own.separator) if own else ("YMD", "-")
    readable = not choices and separator and not (own and own.rest)
    sure = days(low, high, order=order, separator=separator) if readable else NOTHING
    return ColumnType(
        sql_type="date",
        rule=rule,
        example=example,
        check=check,
        pattern=lambda span: sure if span.has(separator) else NOTHING,
        sql_checks=sql_limits(bounds, lambda limit: f"DATE '{limit}'"),
        date_order=order if order in ("DMY", "MDY") else None,
    )
