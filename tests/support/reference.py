"""Slow, simple readers of CSV and of orders, with which the fast ones are compared."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from tabular.codes.iso4217 import CURRENCIES, DECIMALS


def records(data: bytes, delimiter: str, max_bytes: int) -> list[tuple[int, list[str] | None]]:
    """The first line of every record and its values; None for an invalid record."""
    lines = data.split(b"\n")
    lines = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    found: list[tuple[int, list[str] | None]] = []
    at = 0
    while at < len(lines):
        values, used = _record(lines[at:], delimiter, max_bytes)
        found.append((at + 1, values))
        at += used
    return found


def _record(lines: list[bytes], delimiter: str, max_bytes: int) -> tuple[list[str] | None, int]:  # noqa: PLR0912 - one state machine
    values: list[str] = []
    value = ""
    blank_before_quote = False
    state = "start"  # of a value; or "plain", "quoted", "after" a closing quote
    for used, raw in enumerate(lines, 1):
        if sum(map(len, lines[:used])) > max_bytes:
            return None, 1
        text = raw.decode("utf-8", "surrogateescape")
        content = text.removesuffix("\n")
        end = text[len(content) :]
        end = "\r" * (len(content) - len(content.rstrip("\r"))) + end
        content = content.rstrip("\r")
        for character in content:
            if state == "quoted":
                if character == '"':
                    state = "after"
                else:
                    value += character
            elif state == "after":
                if character == '"':
                    value, state = value + '"', "quoted"
                elif character == delimiter:
                    values, value, state = [*values, value], "", "start"
                else:
                    return None, 1
            elif character == delimiter:
                values, value, state = [*values, value], "", "start"
            elif character == '"' and state == "start":
                state = "quoted"
            elif character == "\r":
                return None, 1
            elif character == '"' and value and not value.strip(" \t"):
                blank_before_quote, value, state = True, value + character, "plain"
            else:
                value, state = value + character, "plain"
        if state != "quoted":
            return (None if blank_before_quote else [*values, value]), used
        value += end
    return None, 1


def order(values: dict[str, str]) -> dict[str, object] | None:
    """The typed values of a row; None if it breaks a rule."""
    given = {name: value if name == "notes" else value.strip(" \t") for name, value in values.items()}
    moment, quantity = _moment(given["ordered_at"]), _quantity(given["quantity"])
    price = _price(given["unit_price"], given["currency"])
    good = (
        _is_code(given["order_id"])
        and _is_code(given["sku"])
        and _is_email(given["customer_email"])
        and given["currency"] in CURRENCIES
        and len(given["notes"]) <= 2000
        and not any(each == "\0" or "\ud800" <= each <= "\udfff" for each in given["notes"])
    )
    if not good or quantity is None or price is None or moment is None:
        return None
    notes = None if given["notes"] in ("", "\\N") else given["notes"]
    return given | {"quantity": quantity, "unit_price": price, "ordered_at": moment, "notes": notes}


def _is_digits(text: str) -> bool:
    return text != "" and set(text) <= set(string.digits)


def _is_code(text: str) -> bool:
    """A code of letters, digits and marks that no program has changed into a number or a word for "no value"."""
    lower = text.lower()
    factor, e, exponent = lower.partition("e")
    whole, dot, fraction = factor.removeprefix("-").partition(".")
    is_number = _is_digits(whole + fraction)
    return (
        1 <= len(text) <= 64
        and set(text) <= set(string.ascii_letters + string.digits + "._-")
        and lower not in ("null", "none", "nan", "nil", "na", "undefined", "nat", "n.a", "n.a.")
        and lower.removeprefix("-") not in ("nan", "inf", "infinity")
        and text.strip("-._") != ""
        and not (is_number and e and _is_digits(exponent.removeprefix("-")))
        and not (is_number and dot and not e and set(fraction) <= {"0"})
    )


def _quantity(text: str) -> int | None:
    whole, dot, zeros = text.partition(".")
    if text[:1] in ("+", "-"):
        whole = whole[1:]
    if not _is_digits(whole) or (dot and set(zeros) != {"0"}):
        return None
    number = Fraction(whole) * (-1 if text.startswith("-") else 1)
    return int(number) if 1 <= number <= 1_000_000 else None


def _is_email(text: str) -> bool:
    if len(text) > 254 or text.count("@") != 1 or not text.isprintable():
        return False
    before, domain = text.split("@")
    if any(character.isspace() or character in '.,:;<>()[]\\"' for character in before.replace(".", "")):
        return False
    labels = domain.split(".")
    return (
        "" not in before.split(".")
        and len(labels) >= 2
        and all(1 <= len(label) <= 63 for label in labels)
        and all(each.isalnum() or each in "-_" for label in labels for each in label)
        and all(label[0].isalnum() and label[-1].isalnum() for label in labels)
        and not labels[-1].isdecimal()
    )


def _price(text: str, currency: str) -> Decimal | None:
    if len(text) > 100:
        return None
    whole, _, decimals = text.removeprefix("-" if text.startswith("-") else "+").partition(".")
    if not _is_digits(whole + decimals):
        return None
    number = Decimal(text)
    if not 0 <= number <= Decimal("9999999999.99") or len(decimals.rstrip("0")) > DECIMALS.get(currency, 2):
        return None
    return number


def _moment(text: str) -> datetime | None:
    """An ISO 8601 date and time with an offset, each part cut out by its position."""
    shape = "".join("9" if each in string.digits else each for each in text)
    if shape[:16] not in ("9999-99-99T99:99", "9999-99-99t99:99", "9999-99-99 99:99"):
        return None
    second = fraction = 0
    rest, left = shape[16:], text[16:]
    if rest.startswith(":99"):
        second = int(left[1:3])
        rest, left = rest[3:], left[3:]
        if rest.startswith("."):
            digits = len(rest[1:]) - len(rest[1:].lstrip("9"))
            if digits == 0:
                return None
            fraction = int(left[1 : 1 + digits][:6].ljust(6, "0"))
            rest, left = rest[1 + digits :], left[1 + digits :]
    rest, left = rest.removeprefix(" "), left.removeprefix(" ")
    if rest not in ("Z", "z", "UTC", *(f"{sign}{form}" for sign in "+-" for form in ("99", "9999", "99:99"))):
        return None
    digits_of_offset = left[1:].replace(":", "") if rest[0] in "+-" else "00"
    hours, minutes = int(digits_of_offset[:2]), int(digits_of_offset[2:] or 0)
    if hours > 23 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if rest.startswith("-") else 1)
    try:
        local = datetime(
            int(text[0:4]), int(text[5:7]), int(text[8:10]), int(text[11:13]), int(text[14:16]), second, fraction,
            tzinfo=UTC,
        )  # fmt: skip
        return local - offset
    except (ValueError, OverflowError):
        return None
