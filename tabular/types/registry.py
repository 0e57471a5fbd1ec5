"""The registry of types: which module's factory makes the rules of a declared type."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import boolean, date, datetime, duration, integer, json_value, number, string, time, year
from .column_type import ColumnType

if TYPE_CHECKING:
    from ..declaration import Field

FACTORIES: dict[str, Callable[[Field], ColumnType]] = {
    "string": string.make,
    "any": string.make,
    "integer": integer.make,
    "number": number.make,
    "boolean": boolean.make,
    "date": date.make,
    "datetime": datetime.make,
    "time": time.make,
    "year": year.make,
    "yearmonth": year.make_month,
    "duration": duration.make,
    "object": json_value.make,
    "array": json_value.make,
}


def column_type(field: Field) -> ColumnType:
    """The rules for a field. Raises PropertyError."""
    return FACTORIES[field.type](field)
