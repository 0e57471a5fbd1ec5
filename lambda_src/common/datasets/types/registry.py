"""The registry of types: which module's factory makes the rules of a declared type."""

from __future__ import annotations

from collections.abc import Callable

from . import boolean, date, datetime, duration, integer, json_value, number, string, time, year
from .column_type import ColumnType, DeclaredField

FACTORIES: dict[str, Callable[[DeclaredField], ColumnType]] = {
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


def column_type(field: DeclaredField) -> ColumnType:
    """The rules for a field. Raises UnsupportedError if a property can't be supported."""
    return FACTORIES[field.type](field)
