"""The rules for one order: what is stored, or every reason why it can't be, in a shop clerk's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from .currencies import CURRENCIES

# In this order the values of a row go to the database.
COLUMNS = ("order_id", "customer_email", "sku", "quantity", "unit_price", "currency", "ordered_at", "notes")
OPTIONAL_COLUMNS = frozenset({"notes"})

MAX_EMAIL_CHARACTERS = 254
MAX_NOTES_CHARACTERS = 2_000
MAX_QUANTITY = 1_000_000
MAX_UNIT_PRICE = Decimal("9999999999.99")
_SHOWN_CHARACTERS = 60
_BLANKS = " \t"

# Digits are spelled out: \d takes the digits of every script.
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUANTITY = re.compile(r"[0-9]+")
_UNIT_PRICE = re.compile(r"[0-9]+(?:\.[0-9]{1,2})?")
# 24:00:00 is no time in RFC 3339, but newer versions of Python take it for the next day.
_ORDERED_AT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]((?!24)[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
# Plausible, not deliverable: dotted words before the @, and a domain of at least two labels after it.
_ATOM = r'[^\s@.,:;<>()\[\]\\"\x00-\x20\x7f-\xa0\ud800-\udfff]+'
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?!\d+$){_LABEL}")


def check(values: Sequence[str | None]) -> tuple[list[str | None], list[str]]:
    """The values to store for a row given in the order of COLUMNS, and every reason against it.

    The values are good only where there is no reason. One that is None was found wrong before, and has its reason.
    """
    stored: list[str | None] = []
    reasons: list[str] = []
    for name, value, rule in zip(COLUMNS, values, _RULES, strict=True):
        if value is None:
            stored.append(None)
            continue
        given = value if name == "notes" else value.strip(_BLANKS)
        if not given:
            stored.append(None)
            if name not in OPTIONAL_COLUMNS:
                reasons.append(f"{name} is missing")
            continue
        try:
            stored.append(rule(given))
        except _BadValueError as error:
            stored.append(None)
            reasons.append(f"{name} {error}")
    return stored, reasons


def shown(value: str) -> str:
    """A value as a reason quotes it: short, and every invisible or broken character spelled out."""
    short = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
    return '"' + "".join(_visible(character) for character in short) + '"'


def _visible(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that is no UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


class _BadValueError(ValueError):
    """Follows the column's name in a reason."""


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise _BadValueError(f'{shown(value)} must be 1 to 64 letters (A to Z), digits, ".", "_" or "-"')
    return value


def _email(value: str) -> str:
    if len(value) > MAX_EMAIL_CHARACTERS:
        raise _BadValueError(f"{shown(value)} is longer than {MAX_EMAIL_CHARACTERS} characters")
    if not _EMAIL.fullmatch(value) or not value.isprintable():
        raise _BadValueError(f"{shown(value)} is not an e-mail address")
    return value


def _quantity(value: str) -> str:
    # Leading zeros mean nothing, and int() refuses endless digits.
    digits = value.lstrip("0")
    if not _QUANTITY.fullmatch(value) or len(digits) > 7 or not 1 <= int(digits or "0") <= MAX_QUANTITY:
        raise _BadValueError(f"{shown(value)} must be a whole number from 1 to {MAX_QUANTITY:,}")
    return digits


def _unit_price(value: str) -> str:
    if not _UNIT_PRICE.fullmatch(value) or Decimal(value) > MAX_UNIT_PRICE:
        raise _BadValueError(
            f"{shown(value)} must be an amount from 0 to {MAX_UNIT_PRICE:,} with at most two decimals, such as 12.50"
        )
    return value


def _currency(value: str) -> str:
    if value not in CURRENCIES:
        raise _BadValueError(f"{shown(value)} must be the code of a currency in use, in capitals, such as EUR")
    return value


def _ordered_at(value: str) -> str:
    match = _ORDERED_AT.fullmatch(value)
    if not match:
        raise _BadValueError(
            f"{shown(value)} must be a date and time with its offset from UTC, such as 2026-03-31T14:05:00+02:00"
        )
    day, time, fraction, offset = match.groups()
    # Python and PostgreSQL know microseconds; a longer fraction is cut, not rounded into the next second.
    text = f"{day}T{time}.{(fraction or '0')[:6]:0<6}{offset.upper()}"
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _BadValueError(f"{shown(value)} is a date or time that does not exist") from None
    return moment.isoformat()


def _notes(value: str) -> str:
    if len(value) > MAX_NOTES_CHARACTERS:
        raise _BadValueError(f"has {len(value):,} characters, and may have at most {MAX_NOTES_CHARACTERS:,}")
    return value


_RULES: tuple[Callable[[str], str], ...] = (
    _name,
    _email,
    _name,
    _quantity,
    _unit_price,
    _currency,
    _ordered_at,
    _notes,
)
