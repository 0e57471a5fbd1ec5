"""Dates with a time of day: instants, or local times without an offset."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from .calendar import days, declared_format
from .column_type import BLANKS, NOTHING, BadValueError, ColumnType, DeclaredField, UnsupportedError
from .column_type import in_words, limits, quote, sql_limits, within

TIMEZONES = ("required", "none", "UTC")
_EXAMPLE = datetime(2026, 3, 31, 14, 5, tzinfo=UTC)
# RFC 3339, and what common programs write instead: a blank for the T, no seconds, "+00", "+0000", " UTC", and the name
# of the zone after the offset. There is no 24:00:00: it is the next day for some programs and an error for others.
_FORM = re.compile(
    r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})[Tt ](?P<H>[0-9]{2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:\.(?P<f>[0-9]+))?)?"
    r"(?: ?(?P<z>[Zz]|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)(?:\[[A-Za-z0-9/_+-]+\])?)?"
)
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_HOURS = "(?:0[0-9]|1[0-4])"
_OFFSET = rf"(?:Z|[+-]{_HOURS}:[0-5][0-9]| ?(?:UTC|[+-]{_HOURS}(?::?[0-5][0-9])?+))"
_MARGIN = timedelta(days=2)  # more than any offset


def make(field: DeclaredField) -> ColumnType:
    """`timezone` is "required" (a value has an offset), "none" (it has none), or "UTC" (if it has none)."""
    if field.timezone not in TIMEZONES:
        raise UnsupportedError(f"timezone must be one of {', '.join(TIMEZONES)}", field.timezone)
    if "enum" in field.constraints:
        raise UnsupportedError("enum is not supported for a datetime", field.constraints["enum"])
    if field.format == "any":
        raise UnsupportedError('format "any" would guess; declare one, such as %d.%m.%Y %H:%M', field.format)
    zone = field.timezone
    own = declared_format(field.format, "YmdHM") if field.format != "default" else None
    form = own.form if own else _FORM
    if own and (zone == "required") != ("z" in form.groupindex):
        raise UnsupportedError("format must have %z if, and only if, the timezone is required", field.format)
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
            micros = int(f"{(parts.get('f') or '0')[:6]:0<6}")
            local = datetime(*(int(parts.get(each) or 0) for each in "YmdHMS"), micros)  # type: ignore[misc, arg-type] # noqa: DTZ001 - the offset follows
            return local if zone == "none" else (local - _offset(offset)).replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            raise BadValueError(f"{quote(value)} must be a date and time that exists") from None

    bounds = limits(field, lambda value: moment_of_limit(str(value), zone))
    words = in_words(bounds, datetime.isoformat)

    def check(value: str) -> str:
        found = moment(value)
        if not within(found, bounds):
            raise BadValueError(f"{quote(value)} must be a date and time{words}")
        return found.isoformat()

    low = max((bounds[name].date() + _MARGIN for name in ("minimum", "exclusiveMinimum") if name in bounds), default=None)
    high = min((bounds[name].date() - _MARGIN for name in ("maximum", "exclusiveMaximum") if name in bounds), default=None)
    sql_type = "timestamp" if zone == "none" else "timestamptz"
    sure, order = NOTHING, "YMD"
    if own is None:
        # Without an offset PostgreSQL would read a time by the session's time zone.
        sure = rf"{days(low, high)}[T ]{_TIME}(?:\.[0-9]{{1,6}}+)?+{'' if zone == 'none' else _OFFSET}"
    elif own.separator and zone == "none" and own.rest in (" %H:%M", " %H:%M:%S"):
        order = own.order
        sure = f"{days(low, high, order=order, separator=own.separator)} {_TIME if own.rest.endswith('S') else _TIME[:-10]}"
    return ColumnType(
        sql_type=sql_type,
        rule=f"a date and time{kind}{words}, such as {example}",
        example=example,
        check=check,
        pattern=lambda span: sure if span.has("-:" + (own.separator if own else "")) else NOTHING,
        sql_checks=sql_limits(bounds, lambda limit: f"{sql_type.upper()} '{limit.isoformat()}'"),
        date_order=order if order in ("DMY", "MDY") else None,
    )


def moment_of_limit(value: str, zone: str) -> datetime:
    """A declared limit, in ISO 8601's form; without an offset it is in UTC."""
    found = datetime.fromisoformat(value)
    if zone == "none":
        if found.tzinfo is not None:
            raise ValueError
        return found
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _offset(text: str | None) -> timedelta:
    digits = (text or "").strip("+-").replace(":", "")
    if not digits.isdigit():  # Z, UTC, or nothing
        return timedelta()
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 23 or minutes > 59:
        raise ValueError
    return timedelta(hours=hours, minutes=minutes) * (-1 if str(text).startswith("-") else 1)
