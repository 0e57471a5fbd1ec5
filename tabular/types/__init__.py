"""The types of columns: one module for each, which makes a ColumnType of a declared field."""

from __future__ import annotations

from .column_type import BadValueError, ColumnType, PropertyError, quote
from .registry import column_type

__all__ = ["BadValueError", "ColumnType", "PropertyError", "column_type", "quote"]
