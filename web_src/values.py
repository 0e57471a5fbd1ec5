"""Values as text: exact for programs, readable for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from tabular.codes import iso4217
from tabular.declaration import Field

NONE = "\u2013"  # a dash, for a missing value


def exact(value: Any) -> str:
    """The value as programs read it; empty if it is missing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def rule(field: Field) -> str:
    """The words after "a value must be"."""
    decimals = f", with the decimals of the {field.decimals}" if isinstance(field.decimals, str) else ""
    return field.column.rule + decimals


def moment(value: Any) -> str | None:
    """The attribute `datetime` of an HTML element `time`; None if the value is no date."""
    return value.isoformat() if isinstance(value, date) else None


def reader(field: Field, *, is_name: bool) -> Callable[[Mapping[str, Any]], str]:
    """A function that returns the value of a field in a row as people read it.

    `is_name` says that a number identifies something, such as an order, so its digits are not grouped. The function is
    made once for each column, because lists call it for every value.
    """
    name, show = field.name, _shown(field, is_name=is_name)
    if isinstance(field.decimals, str) and not is_name:
        currency = field.decimals
        return lambda row: NONE if row[name] is None else _with_currency(row[name], row[currency])
    return lambda row: NONE if row[name] is None else show(row[name])


def _shown(field: Field, *, is_name: bool) -> Callable[[Any], str]:
    if field.column.sql_type in ("text", "uuid", "interval"):
        return str
    if field.column.sql_type == "timestamptz":
        return timestamp
    if field.type == "datetime":
        return "{:%Y-%m-%d %H:%M:%S}".format
    if field.type == "boolean":
        return lambda value: "Yes" if value else "No"
    if is_name or field.type not in ("integer", "number"):
        return exact
    decimals = field.decimals if isinstance(field.decimals, int) else 0
    return lambda value: _amount(value, decimals)


def _with_currency(value: Decimal, currency: str | None) -> str:
    amount = _amount(value, iso4217.DECIMALS.get(currency or "", iso4217.USUAL_DECIMALS))
    return f"{amount} {currency}" if currency else amount


def _amount(value: int | Decimal, decimals: int) -> str:
    """With at least so many decimals; never rounded."""
    # As text: arithmetic, normalize() included, rounds to 28 digits.
    whole, _, fraction = f"{Decimal(value):,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole


def timestamp(value: datetime) -> str:
    """A point in time."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
