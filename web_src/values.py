"""Values as text: exact for programs, readable for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from tabular.codes import iso4217
from tabular.declaration import Field

NONE = "\u2013"  # a dash


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
    """What completes "a value must be"."""
    decimals = f", with the decimals of the {field.decimals}" if isinstance(field.decimals, str) else ""
    return field.column.rule + decimals


def moment(value: Any) -> str | None:
    """The value as HTML's element `time` has it, if it is a date."""
    return value.isoformat() if isinstance(value, date) else None


def readable(field: Field, row: Mapping[str, Any], *, is_name: bool) -> str:
    """The value of a field as people read it. `is_name` says that a number names something, such as an order."""
    value = row[field.name]
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return timestamp(value) if value.tzinfo else f"{value:%Y-%m-%d %H:%M:%S}"
    if is_name or field.type not in ("integer", "number"):
        return exact(value)
    if isinstance(field.decimals, str):
        currency = row[field.decimals]
        return f"{_amount(value, iso4217.DECIMALS.get(currency, iso4217.USUAL_DECIMALS))} {currency or ''}".strip()
    return _amount(value, field.decimals or 0)


def _amount(value: int | Decimal, decimals: int) -> str:
    """With at least so many decimals; never rounded."""
    exponent = Decimal(value).normalize().as_tuple().exponent
    return f"{value:,.{max(decimals, -int(exponent))}f}"


def timestamp(value: datetime) -> str:
    """A point in time."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
