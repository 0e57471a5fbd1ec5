"""Dates with a time of day: instants, or local times without an offset."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from .calendar import days, declared_format, moved
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

TIMEZONES = ("required", "none", "UTC")
_EXAMPLE = datetime(2026, 3, 31, 14, 5, tzinfo=UTC)
# RFC 3339, and what common programs write instead: a blank for the T, no seconds, "+00", "+0000", " UTC", and the name
# of the zone after the offset. There is no 24:00:00: it is the next day for some programs and an error for others.
_FORM = (
    r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"
    r"[Tt ](?P<H>[0-9]{2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:\.(?P<f>[0-9]+))?)?"
    r"(?: ?(?P<z>[Zz]|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)(?:\[[A-Za-z0-9/_+-]+\])?)?"
)
_MINUTES = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SECONDS = rf"{_MINUTES}:[0-5][0-9]"
_HOURS = "(?:0[0-9]|1[0-4])"  # PostgreSQL knows no offset beyond 15:59
_OFFSET = rf"(?:Z|[+-]{_HOURS}:[0-5][0-9]| ?(?:UTC|[+-]{_HOURS}(?::?[0-5][0-9])?+))"
_MARGIN_DAYS = 2  # more than any offset


def make(field: Field) -> ColumnType:
    """`timezone` is "required" (a value has an offset), "none" (it has none), or "UTC" (if it has none)."""
    zone = field.timezone
    if zone not in TIMEZONES:
        raise PropertyError("x-field/timezone", f"must be one of {', '.join(TIMEZONES)}", zone)
    own = declared_format(field.format, needed="YmdHM", allowed="Sfz") if field.format != "default" else None
    if own and (zone == "required") != ("z" in own.form.groupindex):
        raise PropertyError("format", "must have %z if, and only if, the timezone is required", field.format)
    form = own.form if own else re.compile(_FORM)
    example = _EXAMPLE.strftime(field.format) if own else f"2026-03-31T14:05:00{'' if zone == 'none' else '+02:00'}"
    kind = {"required": " with its offset from UTC", "none": " without an offset", "UTC": ""}[zone]

    def moment(value: str) -> datetime:
        match = form.fullmatch(value.strip(BLANKS))
        parts = match.groupdict() if match else {}
        offset = parts.get("z")
        if not match or (zone == "required" and not offset) or (zone == "none" and offset):
            raise BadValueError(f"{quote(value)} must be a date and time{kind}, such as {example}")
        try:
            # PostgreSQL stores microseconds; a longer fraction is cut, because rounding could change the second.
            micros = int(f"{parts['f'][:6]:0<6}") if parts.get("f") else 0
            year, month, day, hour, minute, second = [int(parts.get(each) or 0) for each in "YmdHMS"]
            local = datetime(year, month, day, hour, minute, second, micros, tzinfo=None if zone == "none" else UTC)
            return local - _offset(offset)
        except (ValueError, OverflowError):
            raise BadValueError(f"{quote(value)} must be a date and time that exists") from None

    bounds = limits(field, lambda value: _limit(value, zone))
    words = in_words(bounds, datetime.isoformat)

    def check(value: str) -> str:
        found = moment(value)
        if not within(found, bounds):
            raise BadValueError(f"{quote(value)} must be a date and time{words}")
        return found.isoformat()

    lows = [bounds[name].date() for name in ("minimum", "exclusiveMinimum") if name in bounds]
    highs = [bounds[name].date() for name in ("maximum", "exclusiveMaximum") if name in bounds]
    low = moved(max(lows), _MARGIN_DAYS) if lows else None
    high = moved(min(highs), -_MARGIN_DAYS) if highs else None
    sql_type = "timestamp" if zone == "none" else "timestamptz"
    sure, order = NOTHING, "YMD"
    if own is None:
        # Without an offset PostgreSQL would read a time by the session's time zone.
        sure = rf"{days(low, high)}[T ]{_SECONDS}(?:\.[0-9]{{1,6}}+)?+{'' if zone == 'none' else _OFFSET}"
    elif own.separator and zone == "none" and own.rest in (" %H:%M", " %H:%M:%S"):
        order = own.order
        time = _SECONDS if own.rest.endswith("S") else _MINUTES
        sure = f"{days(low, high, order=order, separator=own.separator)} {time}"
    return ColumnType(
        sql_type=sql_type,
        rule=f"a date and time{kind}{words}, such as {example}",
        example=example,
        check=check,
        pattern=lambda span: sure if span.has("-:" + (own.separator if own else "")) else NOTHING,
        sql_checks=sql_limits(bounds, lambda limit: f"{sql_type.upper()} '{limit.isoformat()}'"),
        date_order=order if order in ("DMY", "MDY") else None,
    )


def _limit(value: str, zone: str) -> datetime:
    """A declared limit, in ISO 8601's form; without an offset it is in UTC."""
    found = datetime.fromisoformat(value)
    if zone == "none":
        if found.tzinfo is not None:
            raise ValueError
        return found
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


@lru_cache(1_000)
def _offset(text: str | None) -> timedelta:
    digits = (text or "").strip("+-").replace(":", "")
    if not digits.isdigit():  # Z, UTC, or nothing
        return timedelta()
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 23 or minutes > 59:
        raise ValueError
    return timedelta(hours=hours, minutes=minutes) * (-1 if str(text).startswith("-") else 1)
