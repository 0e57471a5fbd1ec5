"""Slow, simple readers of CSV and of orders, with which the fast ones are compared."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from tabular.codes.iso4217 import CURRENCIES


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
    email, notes = values["customer_email"].strip(" \t"), values["notes"]
    quantity, price = values["quantity"].strip(" \t"), values["unit_price"].strip(" \t")
    names = {name: values[name].strip(" \t") for name in ("order_id", "sku")}
    moment = _moment(values["ordered_at"].strip(" \t"))
    good = (
        all(
            1 <= len(name) <= 64 and set(name) <= set(string.ascii_letters + string.digits + "._-")
            for name in names.values()
        )
        and _is_email(email)
        and quantity != ""
        and set(quantity) <= set(string.digits)
        and 1 <= Fraction(quantity) <= 1_000_000
        and _is_price(price)
        and values["currency"].strip(" \t") in CURRENCIES
        and moment is not None
        and len(notes) <= 2000
    )
    if not good:
        return None
    return {
        **names,
        "customer_email": email,
        "quantity": int(quantity),
        "unit_price": Decimal(price),
        "currency": values["currency"].strip(" \t"),
        "ordered_at": moment,
        "notes": notes or None,
    }


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


def _is_price(text: str) -> bool:
    whole, dot, decimals = text.partition(".")
    digits = set(string.digits)
    if (
        not whole
        or not set(whole) <= digits
        or not set(decimals) <= digits
        or len(decimals) > 2
        or (dot and not decimals)
    ):
        return False
    return Fraction(text) <= Fraction("9999999999.99")


def _moment(text: str) -> datetime | None:
    """RFC 3339's date-time, each part cut out by its position."""
    shape = "".join("9" if each in string.digits else each.upper() for each in text)
    rest = shape[19:]
    fraction = 0
    if rest.startswith("."):
        digits = len(rest[1:]) - len(rest[1:].lstrip("9"))
        if digits == 0:
            return None
        fraction = int(text[20 : 20 + digits][:6].ljust(6, "0"))
        rest = rest[1 + digits :]
    if shape[:19] != "9999-99-99T99:99:99" or rest not in ("Z", "+99:99", "-99:99"):
        return None
    hours, minutes = (0, 0) if rest == "Z" else (int(text[-5:-3]), int(text[-2:]))
    if hours > 23 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if rest.startswith("-") else 1)
    try:
        local = datetime(
            int(text[0:4]), int(text[5:7]), int(text[8:10]), int(text[11:13]), int(text[14:16]), int(text[17:19]),
            fraction, tzinfo=UTC,
        )  # fmt: skip
        return local - offset
    except (ValueError, OverflowError):
        return None
