"""Patterns of IAM policies, in which `*` matches any characters and `?` matches one."""

import re
from functools import cache


@cache
def covers(pattern: str, other: str) -> bool:
    """Whether `pattern` matches everything that `other`, a text or a pattern, matches."""
    # A `*` in `other` may match any number of characters, so no single `?` of the pattern covers it.
    expression = "".join({"*": ".*", "?": "[^*]"}.get(character) or re.escape(character) for character in pattern)
    return re.fullmatch(expression, other, re.DOTALL) is not None


@cache
def overlaps(one: str, other: str) -> bool:
    """Whether both patterns match some common text."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return overlaps(one[1:], other) or overlaps(one, other[1:])
    if other[0] == "*":
        return overlaps(one, other[1:]) or overlaps(one[1:], other)
    return (one[0] == other[0] or "?" in (one[0], other[0])) and overlaps(one[1:], other[1:])
