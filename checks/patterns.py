"""Compares patterns of IAM policies. In a pattern, `*` matches any text and `?` matches one character."""

import re
from functools import cache


@cache
def covers(pattern: str, other: str) -> bool:
    """Whether `pattern` matches every text that `other` matches. `other` may be a pattern or a plain text."""
    # A `*` in `other` may match any number of characters, so a `?` of `pattern` doesn't cover that `*`.
    expression = "".join({"*": ".*", "?": "[^*]"}.get(character) or re.escape(character) for character in pattern)
    return re.fullmatch(expression, other, re.DOTALL) is not None


@cache
def overlaps(first: str, second: str) -> bool:
    """Whether at least one text matches both patterns."""
    if not first or not second:
        return not (first + second).strip("*")
    if first[0] == "*":
        return overlaps(first[1:], second) or overlaps(first, second[1:])
    if second[0] == "*":
        return overlaps(first, second[1:]) or overlaps(first[1:], second)
    return (first[0] == second[0] or "?" in (first[0], second[0])) and overlaps(first[1:], second[1:])
