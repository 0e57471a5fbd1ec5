"""How numbers are written: in groups, with another decimal character, and with signs around them (Table Schema)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .column_type import PropertyError

if TYPE_CHECKING:
    from ..declaration import Field

_AROUND = re.compile(r"^[^-+0-9.,(]+|[^-0-9.,)]+$")


def group_character(field: Field) -> str:
    """The declared groupChar; empty if there is none."""
    found = field.options.get("groupChar", "")
    if found not in ("", ".", ",", "'", " ", "_", "\u00a0", "\u202f"):
        raise PropertyError("groupChar", "must be one of . , ' _ a blank or a no-break blank", found)
    return str(found)


def decimal_character(field: Field) -> str:
    """The declared decimalChar."""
    found = field.options.get("decimalChar", ".")
    if found not in (".", ","):
        raise PropertyError("decimalChar", "must be . or ,", found)
    if found == group_character(field):
        raise PropertyError("decimalChar", "must differ from groupChar", found)
    return str(found)


def is_bare(field: Field) -> bool:
    """Whether a number stands alone: with bareNumber false, currency signs, letters and % around it are ignored."""
    found = field.options.get("bareNumber", True)
    if not isinstance(found, bool):
        raise PropertyError("bareNumber", "must be true or false", found)
    return found


def grouped(group: str) -> str:
    """Digits in groups of exactly three, or in no groups: in "12.5" and "0.500" a dot is no group character."""
    return rf"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:{re.escape(group)}[0-9]{{3}})+)" if group else "[0-9]+"


def ungrouped(value: str, group: str) -> str:
    """The value without its group characters."""
    return value.replace(group, "") if group else value


def machine_number(field: Field, text: str) -> str:
    """A number of JSON or of a workbook, which has no groups and "." before its decimals, as the field writes it."""
    if field.type == "integer" and group_character(field) == ".":
        # In such a field 2.000 is two thousand; a comma is in no whole number.
        return re.sub(r"\.0+\Z", "", text).replace(".", ",")
    return text.replace(".", field.options.get("decimalChar", "."))


def strip_signs(value: str, *, bare: bool) -> str:
    """The number without letters and signs around it. "(5)" and "5-" stay: accountants write -5 like this."""
    return value if bare else _AROUND.sub("", value)
