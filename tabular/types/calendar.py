"""Declared formats of dates, and patterns that match only days that exist."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from .column_type import NOTHING, PropertyError
from .patterns import digits

_DIRECTIVES = {
    "%Y": "(?P<Y>[0-9]{4})",
    "%m": "(?P<m>[0-9]{1,2})",
    "%d": "(?P<d>[0-9]{1,2})",
    "%H": "(?P<H>[0-9]{1,2})",
    "%M": "(?P<M>[0-9]{2})",
    "%S": "(?P<S>[0-9]{2})",
    "%f": "(?P<f>[0-9]{1,9})",
    "%z": "(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
    "%%": "%",
}
_ORDERS = {("Y", "m", "d"): "YMD", ("d", "m", "Y"): "DMY", ("m", "d", "Y"): "MDY"}
_LONG, _SHORT = "(?:0[13578]|1[02])", "(?:0[469]|11)"
_DAYS = {_LONG: "(?:0[1-9]|[12][0-9]|3[01])", _SHORT: "(?:0[1-9]|[12][0-9]|30)", "02": "(?:0[1-9]|1[0-9]|2[0-8])"}
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
FIRST, LAST = date(2, 1, 1), date(9998, 12, 31)  # so that any offset leads to a year that Python knows


class DeclaredFormat(NamedTuple):
    """A format of strptime: what a value looks like, and the order in which PostgreSQL reads day, month and year."""

    form: re.Pattern[str]
    order: str
    separator: str  # between day, month and year; empty if PostgreSQL can't read this format
    rest: str  # what follows the date in the format


def declared_format(text: str, *, needed: str, allowed: str) -> DeclaredFormat:
    """Read a format with the directives in `needed`, such as "Ymd", and others in `allowed`. Raises PropertyError."""
    if text == "any":
        raise PropertyError("format", "would guess what a value means: declare the form, such as %d.%m.%Y", text)
    form = ""
    for part in re.findall(r"%.?|.", text, re.DOTALL):
        if part.startswith("%") and (part not in _DIRECTIVES or part[1] not in f"{needed}{allowed}%"):
            known = " ".join(f"%{each}" for each in needed + allowed)
            raise PropertyError("format", f"must be default, or use the directives {known} only", text)
        form += _DIRECTIVES.get(part, re.escape(part))
    try:
        compiled = re.compile(form)
    except re.error:
        raise PropertyError("format", "must use each directive once", text) from None
    if missing := [f"%{each}" for each in needed if each not in compiled.groupindex]:
        raise PropertyError("format", f"must have the directives {' '.join(missing)}", text)
    simple = re.match(r"%([Ymd])([./-])%([Ymd])\2%([Ymd])", text)
    order = _ORDERS.get((simple[1], simple[3], simple[4]), "") if simple else ""
    if simple and order and (order != "YMD" or simple[2] == "-"):
        return DeclaredFormat(compiled, order, simple[2], text[simple.end() :])
    return DeclaredFormat(compiled, "", "", "")


def days(low: date | None, high: date | None, *, order: str = "YMD", separator: str = "-") -> str:
    """A pattern of the days that exist, in the months of which every day is from `low` to `high`."""
    low, high = max(low or FIRST, FIRST), min(high or LAST, LAST)
    if low > high:
        return NOTHING
    mark = re.escape(separator)
    leap_day = _day(_LEAP_YEAR, "02", "29", order, mark)
    if order == "YMD":
        # The year comes first, so it is matched once for all alternatives.
        in_year = "|".join(f"{month}{mark}{day}" for month, day in _DAYS.items())
        found = [f"[0-9]{{4}}{mark}(?:{in_year})", leap_day]
    else:
        found = [*(_day("[0-9]{4}", month, day, order, mark) for month, day in _DAYS.items()), leap_day]
    if (low, high, order) == (FIRST, LAST, "YMD"):
        return f"(?!000[01]|9999)(?:{'|'.join(found)})"
    return f"{_months(low, high, order, mark)}(?:{'|'.join(found)})"


def moved(day: date, by: int) -> date:
    """The day `by` days later, but at most the last and at least the first day that Python knows."""
    return date.fromordinal(min(max(day.toordinal() + by, date.min.toordinal()), date.max.toordinal()))


def _day(year: str, month: str, day: str, order: str, mark: str) -> str:
    parts = {"Y": year, "M": month, "D": day}
    return mark.join(parts[each] for each in order)


def _months(low: date, high: date, order: str, mark: str) -> str:
    """A lookahead for the months of which every day is within the limits."""
    first = low if low.day == 1 else (low.replace(day=1) + timedelta(days=32)).replace(day=1)
    last = high if (high + timedelta(days=1)).day == 1 else high.replace(day=1) - timedelta(days=1)
    if first > last:
        return NOTHING
    years = [(first.year, first.month, 12), (last.year, 1, last.month)]
    if first.year == last.year:
        years = [(first.year, first.month, last.month)]
    whole_from, whole_to = first.year + (first.month > 1), last.year - (last.month < 12)
    found = []
    if whole_from <= whole_to:
        all_years = f"(?:{'|'.join(digits(f'{whole_from:04}', f'{whole_to:04}'))})"
        found.append(_day(all_years, "[0-9]{2}", "[0-9]{2}", order, mark))
    for year, start, end in years:
        if not whole_from <= year <= whole_to:
            some = f"(?:{'|'.join(digits(f'{start:02}', f'{end:02}'))})"
            found.append(_day(f"{year:04}", some, "[0-9]{2}", order, mark))
    return f"(?={'|'.join(dict.fromkeys(found))})"
