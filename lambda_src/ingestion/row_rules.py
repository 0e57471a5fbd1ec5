"""The rules for a row: the values to store, or every reason to reject it, written for the sender."""

from __future__ import annotations

from collections.abc import Sequence

from tabular.codes import iso4217
from tabular.declaration import Dataset, Field
from tabular.types import BadValueError
from tabular.types.column_type import BLANKS, quote

# What databases write for NULL in text files (PostgreSQL and MySQL; Snowflake by default).
NULL_MARK = "\\N"


def check(dataset: Dataset, values: Sequence[str | None]) -> tuple[list[str | None], list[str]]:
    """The values to store for a row, and every reason to reject it. The values are in the order of the columns.

    The result may be stored only if there is no reason. None is a value that was rejected before, and has a reason.
    """
    stored: list[str | None] = []
    reasons: list[str] = []
    for field, value in zip(dataset.fields, values, strict=True):
        text, reason = (None, None) if value is None else check_value(field, value)
        stored.append(text)
        if reason:
            reasons.append(f"{field.name} {reason}")
    if not reasons:
        reasons = _check_decimals(dataset, values, stored)
    return stored, reasons


def check_value(field: Field, value: str) -> tuple[str | None, str | None]:
    """The text to store for a value, or the reason against it; neither if the value is missing and optional."""
    if is_missing(field, value):
        return None, "is missing" if field.required else None
    try:
        return field.column.check(value), None
    except BadValueError as error:
        return None, str(error)


def is_missing(field: Field, value: str) -> bool:
    """Whether the value means that there is none. Blanks around it count in free text only."""
    given = value.strip(BLANKS) if field.column.trims or field.required else value
    return given in field.missing_values or given == NULL_MARK


def csv_quoted(value: str | None) -> str:
    """The value as PostgreSQL's COPY reads it; None becomes NULL."""
    return "" if value is None else '"' + value.replace('"', '""') + '"'


def has_too_many_decimals(amount: str | None, currency: str | None) -> bool:
    """Whether a stored amount has more decimals than its currency (ISO 4217); without one, more than usual."""
    return amount is not None and len(amount.partition(".")[2].rstrip("0")) > _decimals(currency)


def _decimals(currency: str | None) -> int:
    return iso4217.DECIMALS.get(currency or "", iso4217.USUAL_DECIMALS)


def _check_decimals(dataset: Dataset, values: Sequence[str | None], stored: Sequence[str | None]) -> list[str]:
    """The reasons against amounts with more decimals than their currency has."""
    reasons = []
    at = dataset.columns.index
    for number, field in enumerate(dataset.fields):
        if not isinstance(field.decimals, str):
            continue
        currency = stored[at(field.decimals)]
        if has_too_many_decimals(stored[number], currency):
            allowed = _decimals(currency)
            words = f"at most {allowed} decimals" if allowed else "no decimals"
            where = f" in {currency}" if currency else ""
            reasons.append(f"{field.name} {quote(values[number] or '')} must have {words}{where}")
    return reasons
