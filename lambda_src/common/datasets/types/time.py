"""Times of day."""

from __future__ import annotations

import re
from datetime import time

from .column_type import BLANKS, NOTHING, BadValueError, ColumnType, DeclaredField, UnsupportedError
from .column_type import in_words, limits, quote, sql_limits, within

_FORM = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?")
_SURE = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6}+)?+)?+"


def make(field: DeclaredField) -> ColumnType:
    """ISO 8601's form, seconds optional; there is no 24:00."""
    if field.format not in ("default", "%H:%M", "%H:%M:%S"):
        raise UnsupportedError("format of a time must be default, %H:%M or %H:%M:%S", field.format)
    if "enum" in field.constraints:
        raise UnsupportedError("enum is not supported for a time", field.constraints["enum"])
    bounds = limits(field, time.fromisoformat)
    rule = f"a time of day{in_words(bounds)}, such as 14:05:00"

    def check(value: str) -> str:
        match = _FORM.fullmatch(value.strip(BLANKS))
        try:
            if not match:
                raise ValueError
            hour, minute, second, fraction = match.groups()
            found = time(int(hour), int(minute), int(second or 0), int(f"{(fraction or '0')[:6]:0<6}"))
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
        pattern=lambda span: NOTHING if bounds or not span.has(":") else _SURE,
        sql_checks=sql_limits(bounds, lambda limit: f"TIME '{limit.isoformat()}'"),
    )
