"""Times of day."""

from __future__ import annotations

import re
from datetime import time
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
    within,
)

if TYPE_CHECKING:
    from ..declaration import Field

_FORM = r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
_SURE = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6}+)?+)?+"


def make(field: Field) -> ColumnType:
    """ISO 8601's form, seconds optional; there is no 24:00."""
    if field.format not in ("default", "%H:%M", "%H:%M:%S"):
        raise PropertyError("format", "must be default, %H:%M or %H:%M:%S", field.format)
    form = re.compile(_FORM)

    def read(value: str) -> time:
        match = form.fullmatch(value)
        if not match:
            raise ValueError
        hour, minute, second, fraction = match.groups()
        # PostgreSQL stores microseconds; a longer fraction is cut, because rounding could change the second.
        return time(int(hour), int(minute), int(second or 0), int(f"{(fraction or '0')[:6]:0<6}"))

    bounds = limits(field, read)
    rule = f"a time of day{in_words(bounds)}, such as 14:05:00"

    def check(value: str) -> str:
        try:
            found = read(value.strip(BLANKS))
        except ValueError:
            raise BadValueError(f"{quote(value)} must be {rule}") from None
        if not within(found, bounds):
            raise BadValueError(f"{quote(value)} must be {rule}")
        return found.isoformat()

    return ColumnType(
        sql_type="time",
        rule=rule,
        example="14:05:00",
        check=check,
        pattern=lambda span: _SURE if not bounds and span.has(":") else NOTHING,
        sql_checks=sql_limits(bounds, lambda limit: f"TIME '{limit.isoformat()}'"),
    )
