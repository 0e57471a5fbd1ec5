"""Regular expressions of ranges: whole numbers, and digits of a fixed width."""

from __future__ import annotations

# Bytes of ASCII characters that can be seen, and of all characters beyond ASCII. The reader checks that they are UTF-8.
_SEEN = [chr(code) for code in range(0x20, 0x7F)]
BEYOND_ASCII = r"\x80-\xff"


def characters(excluded: str) -> str:
    """The inside of a character class: visible ASCII characters except some."""
    return "".join(f"\\{each}" if each in r"\]^-[&~|" else each for each in _SEEN if each not in excluded)


def whole_numbers(low: int, high: int) -> str:
    """Matches the whole numbers from `low` to `high`, without leading zeros and without "+" or "-0"."""
    found: list[str] = []
    if low < 0:
        found.append(f"-(?:{whole_numbers(max(1, -high), -low)})")
        low = 0
    widths: list[int] = []  # in which every number is in the range, such as 10 to 99
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
