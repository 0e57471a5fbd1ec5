"""The rules for one order: the values to store, or every reason to reject it, written for the sender."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from .currencies import CURRENCIES

# The order of a row's values in this package and in COPY.
COLUMNS = ("order_id", "customer_email", "sku", "quantity", "unit_price", "currency", "ordered_at", "notes")
OPTIONAL_COLUMNS = frozenset({"notes"})

MAX_EMAIL_CHARACTERS = 254
MAX_NOTES_CHARACTERS = 2_000
MAX_QUANTITY = 1_000_000
MAX_UNIT_PRICE = Decimal("9999999999.99")
_SHOWN_CHARACTERS = 60
_BLANKS = " \t"

# [0-9] and not \d, which matches the digits of every script.
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUANTITY = re.compile(r"[0-9]+")
_UNIT_PRICE = re.compile(r"[0-9]+(?:\.[0-9]{1,2})?")
# RFC 3339 has no 24:00:00, but newer versions of Python accept it as the next day.
_ORDERED_AT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]((?!24)[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
# Only the form is checked: words with dots before the @, and a domain of at least two labels after it.
_ATOM = r'[^\s@.,:;<>()\[\]\\"\x00-\x20\x7f-\xa0\ud800-\udfff]+'
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?!\d+$){_LABEL}")


def check(values: Sequence[str | None]) -> tuple[list[str | None], list[str]]:
    """The values to store for a row, and every reason to reject it. The values are in the order of COLUMNS.

    The result may be stored only if there is no reason. A value that is None was rejected before, and has its reason.
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


def quote(value: str) -> str:
    """The value as quoted in a reason: shortened, and invisible or invalid characters escaped."""
    short = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
    return '"' + "".join(_visible(character) for character in short) + '"'


def _visible(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


class _BadValueError(ValueError):
    """The message follows the column's name in a reason."""


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise _BadValueError(f'{quote(value)} must be 1 to 64 letters (A to Z), digits, ".", "_" or "-"')
    return value


def _email(value: str) -> str:
    if len(value) > MAX_EMAIL_CHARACTERS:
        raise _BadValueError(f"{quote(value)} has {len(value):,} characters; the limit is {MAX_EMAIL_CHARACTERS}")
    if not _EMAIL.fullmatch(value) or not value.isprintable():
        raise _BadValueError(f"{quote(value)} must be an e-mail address, such as ada@example.com")
    return value


def _quantity(value: str) -> str:
    # Leading zeros don't count, and int() refuses texts with thousands of digits.
    digits = value.lstrip("0")
    if not _QUANTITY.fullmatch(value) or len(digits) > 7 or not 1 <= int(digits or "0") <= MAX_QUANTITY:
        raise _BadValueError(f"{quote(value)} must be a whole number from 1 to {MAX_QUANTITY:,}")
    return digits


def _unit_price(value: str) -> str:
    if not _UNIT_PRICE.fullmatch(value) or Decimal(value) > MAX_UNIT_PRICE:
        raise _BadValueError(
            f"{quote(value)} must be an amount from 0 to {MAX_UNIT_PRICE:,} with at most two decimals, such as 12.50"
        )
    return value


def _currency(value: str) -> str:
    if value not in CURRENCIES:
        raise _BadValueError(f"{quote(value)} must be a current ISO 4217 currency code in capitals, such as EUR")
    return value


def _ordered_at(value: str) -> str:
    match = _ORDERED_AT.fullmatch(value)
    if not match:
        raise _BadValueError(
            f"{quote(value)} must be a date and time with its offset from UTC, such as 2026-03-31T14:05:00+02:00"
        )
    day, time, fraction, offset = match.groups()
    # Python and PostgreSQL store microseconds; a longer fraction is cut, because rounding could change the second.
    text = f"{day}T{time}.{(fraction or '0')[:6]:0<6}{offset.upper()}"
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _BadValueError(f"{quote(value)} must be a date and time that exists") from None
    return moment.isoformat()


def _notes(value: str) -> str:
    if len(value) > MAX_NOTES_CHARACTERS:
        raise _BadValueError(f"has {len(value):,} characters; the limit is {MAX_NOTES_CHARACTERS:,}")
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
