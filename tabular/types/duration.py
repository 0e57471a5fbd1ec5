"""Lengths of time in ISO 8601's form, such as P1DT12H."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .column_type import BLANKS, BadValueError, ColumnType, quote

if TYPE_CHECKING:
    from ..declaration import Field

# XML Schema's duration without a sign: numbers of at most four digits, of which only the seconds may have decimals.
_FORM = (
    r"P(?=[0-9T])(?:[0-9]{1,4}Y)?(?:[0-9]{1,4}M)?(?:[0-9]{1,4}D)?"
    r"(?:T(?=[0-9])(?:[0-9]{1,4}H)?(?:[0-9]{1,4}M)?(?:[0-9]{1,4}(?:\.[0-9]{1,6})?S)?)?"
)
_RULE = "a duration of ISO 8601, such as P1DT12H"


def make(_: Field) -> ColumnType:
    """Stored as interval."""
    form = re.compile(_FORM)

    def check(value: str) -> str:
        given = value.strip(BLANKS)
        if not form.fullmatch(given):
            raise BadValueError(f"{quote(value)} must be {_RULE}")
        return given

    return ColumnType(sql_type="interval", rule=_RULE, example="P1DT12H", check=check, pattern=lambda _: f"(?:{_FORM})")
