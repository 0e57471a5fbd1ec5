"""Patterns of IAM, where `*` stands for any characters and `?` for one."""

import re
from functools import cache


@cache
def covers(pattern: str, other: str) -> bool:
    """Whether everything that `other` matches, itself a pattern or not, is matched by `pattern`."""
    # A `*` of the other may be of any length, which no single character of the pattern is.
    expression = "".join({"*": ".*", "?": "[^*]"}.get(character) or re.escape(character) for character in pattern)
    return re.fullmatch(expression, other, re.DOTALL) is not None


@cache
def overlaps(one: str, other: str) -> bool:
    """Whether some text is matched by both patterns."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return overlaps(one[1:], other) or overlaps(one, other[1:])
    if other[0] == "*":
        return overlaps(one, other[1:]) or overlaps(one[1:], other)
    return (one[0] == other[0] or "?" in (one[0], other[0])) and overlaps(one[1:], other[1:])
