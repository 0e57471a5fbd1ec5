"""Regular expressions of ranges: whole numbers, digits of a fixed width, and decimal numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from math import ceil, floor

from .column_type import LIMITS, NOTHING, either

WHOLE_DIGITS = 18  # of a decimal number, before the decimal point

# Bytes of ASCII characters that can be seen, and of all characters beyond ASCII. The reader checks that they are UTF-8.
_SEEN = [chr(code) for code in range(0x20, 0x7F)]
BEYOND_ASCII = r"\x80-\xff"


def characters(excluded: str) -> str:
    """The inside of a character class: visible ASCII characters except some."""
    return "".join(f"\\{each}" if each in r"\]^-[&~|" else each for each in _SEEN if each not in excluded)


def whole_numbers(low: int, high: int) -> str:
    """Matches the whole numbers from `low` to `high`, without leading zeros, "+" and "-0"; empty if there are none."""
    if low > high:
        return ""
    found: list[str] = []
    if low < 0:
        found.append(f"-(?:{whole_numbers(max(1, -high), -low)})")
        low = 0
    widths: list[int] = []  # numbers of digits of which every number is in the range, such as 2 for 10 to 99
    for width in range(len(str(low)), len(str(max(high, 0))) + 1 if high >= 0 else 0):
        first, last = (0 if width == 1 else 10 ** (width - 1)), 10**width - 1
        if low <= max(first, 1) and last <= high:
            widths.append(width)
            found += ["0"] if first == 0 >= low else []
        else:
            found += digits(str(max(low, first)), str(min(high, last)))
    if widths:
        found.insert(0, f"[1-9][0-9]{{{widths[0] - 1},{widths[-1] - 1}}}+")
    return "|".join(found)


def digits(low: str, high: str) -> list[str]:
    """Alternatives that match texts of digits from `low` to `high`, which have the same length."""
    if low == high:
        return [low]
    rest = len(low) - 1
    first, last = int(low[0]), int(high[0])
    if first == last:
        return [low[0] + each for each in digits(low[1:], high[1:])]
    found: list[str] = []
    above: list[str] = []
    if rest and low[1:] != "0" * rest:
        found = [low[0] + each for each in digits(low[1:], "9" * rest)]
        first += 1
    if rest and high[1:] != "9" * rest:
        above = [high[0] + each for each in digits("0" * rest, high[1:])]
        last -= 1
    if first <= last:
        leading = str(first) if first == last else f"[{first}-{last}]"
        found.append(leading + (f"[0-9]{{{rest}}}" if rest else ""))
    return found + above


def numbers(bounds: Mapping[str, Decimal], decimals: int, point: str) -> str:
    """A pattern of numbers within the limits, with at most so many decimals, or none if `point` is empty.

    Some numbers near a limit don't match.
    """
    fraction = _fraction(decimals, point)
    first, last = _whole_parts(bounds, decimals)
    found = [f"(?:{whole_numbers(first, last)}){fraction}"] if first <= last else []
    # The maximum itself, such as 100: other numbers with that whole part, such as 100.5, are too large.
    if bounds.get("maximum") == last + 1 and "exclusiveMaximum" not in bounds:
        found.append(str(last + 1))
    first, last = _whole_parts(_mirrored(bounds), decimals)
    found += [f"-(?:{whole_numbers(first, last)}){fraction}"] if first <= last else []
    return either(*found)


def numbers_in_groups(bounds: Mapping[str, Decimal], decimals: int, point: str, group: str) -> str:
    """A pattern of numbers from 1,000 on, in groups, with as many groups as no limit forbids."""
    first, last = _whole_parts(bounds, decimals)
    groups = (len(str(last + 1)) - 1) // 3 - 1 if last > 0 else 0
    if first > 1000 or groups < 1:
        return NOTHING
    return rf"[1-9][0-9]{{0,2}}+(?:{re.escape(group)}[0-9]{{3}}){{1,{groups}}}+{_fraction(decimals, point)}"


def _fraction(decimals: int, point: str) -> str:
    return rf"(?:{re.escape(point)}[0-9]{{1,{decimals}}}+)?+" if decimals and point else ""


def _whole_parts(bounds: Mapping[str, Decimal], decimals: int) -> tuple[int, int]:
    """The first and the last whole part, from 0 on, that may have any fraction with so many decimals."""
    first = max(0, ceil(bounds.get("minimum", 0)), floor(bounds.get("exclusiveMinimum", -1)) + 1)
    last = 10**WHOLE_DIGITS - 1
    if "maximum" in bounds:
        last = min(last, (floor(bounds["maximum"].scaleb(decimals)) + 1) // 10**decimals - 1)
    if "exclusiveMaximum" in bounds:
        last = min(last, ceil(bounds["exclusiveMaximum"].scaleb(decimals)) // 10**decimals - 1)
    return first, last


def _mirrored(bounds: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The limits of the absolute values of negative numbers."""
    minimum, above, maximum, below = LIMITS
    other = {minimum: maximum, maximum: minimum, above: below, below: above}
    return {other[name]: bound.copy_negate() for name, bound in bounds.items()}
