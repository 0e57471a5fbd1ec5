"""Dates, in ISO 8601's form or in a declared format."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from .calendar import days, declared_format, moved
from .column_type import (
    BLANKS,
    NOTHING,
    BadValueError,
    ColumnType,
    choices,
    in_words,
    limits,
    one_of,
    quote,
    sql_choices,
    sql_limits,
    within,
)

if TYPE_CHECKING:
    from ..declaration import Field

EXAMPLE = date(2026, 3, 31)
_ISO = r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"


def make(field: Field) -> ColumnType:
    """Limits and choices are written in ISO 8601's form, whatever the format of the files."""
    own = declared_format(field.format, needed="Ymd", allowed="") if field.format != "default" else None
    form = own.form if own else re.compile(_ISO)
    bounds, allowed = limits(field, date.fromisoformat), choices(field, date.fromisoformat)
    show = f"{{:{field.format}}}".format if own else date.isoformat
    example = show(allowed[0] if allowed else EXAMPLE)
    rule = one_of(map(show, allowed)) if allowed else f"a date{in_words(bounds, show)}, such as {example}"

    def check(value: str) -> str:
        match = form.fullmatch(value.strip(BLANKS))
        if not match:
            raise BadValueError(f"{quote(value)} must be {rule}")
        try:
            found = date(int(match["Y"]), int(match["m"]), int(match["d"]))
        except ValueError:
            raise BadValueError(f"{quote(value)} must be a date that exists") from None
        if not within(found, bounds) or (allowed and found not in allowed):
            raise BadValueError(f"{quote(value)} must be {rule}")
        return found.isoformat()

    lows = [bounds["minimum"]] if "minimum" in bounds else []
    lows += [moved(bounds["exclusiveMinimum"], 1)] if "exclusiveMinimum" in bounds else []
    highs = [bounds["maximum"]] if "maximum" in bounds else []
    highs += [moved(bounds["exclusiveMaximum"], -1)] if "exclusiveMaximum" in bounds else []
    low, high = max(lows, default=None), min(highs, default=None)
    order, separator = (own.order, own.separator) if own else ("YMD", "-")
    readable = not allowed and separator and not (own and own.rest)
    sure = days(low, high, order=order, separator=separator) if readable else NOTHING
    literal = "DATE '{}'".format
    return ColumnType(
        sql_type="date",
        rule=rule,
        example=example,
        check=check,
        pattern=lambda span: sure if span.has(separator) else NOTHING,
        sql_checks=(*sql_limits(bounds, literal), *sql_choices(allowed, literal)),
        date_order=order if order in ("DMY", "MDY") else None,
    )
