"""Declared patterns: which ones are safe, and how they become part of the fast path's pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from re import _parser as _syntax  # type: ignore[attr-defined]

from .column_type import NOTHING, Span

_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_GROUP = re.compile(r"(?<!\\)\(\?P<\w+>|(?<!\\)\((?!\?)")


def is_safe(pattern: str) -> bool:
    """Whether matching takes time in proportion to the text: ASCII only, no nested repeats, no assertions inside."""
    try:
        return _is_safe(_syntax.parse(_bare(pattern), re.ASCII))
    except (re.error, RecursionError, OverflowError):
        return False


def match_pattern(pattern: str, span: Span) -> str:
    """The pattern for bytes, without captures and anchors; matches nothing if a match could contain the span's end."""
    bare = _bare(pattern)
    if any(_takes(node, span.excluded) for node in _walk(_syntax.parse(bare, re.ASCII))):
        return NOTHING
    return f"(?:{_GROUP.sub('(?:', bare)})"


def _bare(pattern: str) -> str:
    """Without anchors: a declared pattern must match the whole text anyway."""
    return re.sub(r"(?<!\\)\$$", "", pattern.removeprefix("^"))


def _is_safe(parsed: Iterable[Any]) -> bool:
    for operation, argument in parsed:
        name = str(operation)
        if name == "LITERAL":
            good = 0x20 <= argument < 0x7F
        elif name == "IN":
            good = all(_is_safe_member(*member) for member in argument)
        elif name in _REPEATS:
            nested = any(str(inner) in _REPEATS and bounds[1] > 1 for inner, bounds in _walk(argument[2]))
            good = _is_safe(argument[2]) and not (nested and argument[1] > 1)
        elif name == "SUBPATTERN":
            good = not argument[1] and not argument[2] and _is_safe(argument[3])
        elif name == "BRANCH":
            good = all(map(_is_safe, argument[1]))
        else:
            good = False
        if not good:
            return False
    return True


def _is_safe_member(kind: object, what: Any) -> bool:
    if str(kind) == "LITERAL":
        return 0x20 <= int(what) < 0x7F
    if str(kind) == "RANGE":
        return 0x20 <= int(what[0]) <= int(what[1]) < 0x7F
    return str(kind) == "CATEGORY" and str(what) in ("CATEGORY_DIGIT", "CATEGORY_WORD")


def _walk(parsed: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Every node of a parsed pattern."""
    for operation, argument in parsed:
        yield operation, argument
        for each in argument if isinstance(argument, tuple | list) else ():
            for part in each if isinstance(each, list) else [each]:
                if isinstance(part, _syntax.SubPattern):
                    yield from _walk(part)


def _takes(node: tuple[Any, Any], excluded: str) -> bool:
    operation, argument = node
    if str(operation) == "LITERAL":
        return chr(argument) in excluded
    if str(operation) != "IN":
        return False
    for kind, what in argument:
        if str(kind) == "LITERAL" and chr(what) in excluded:
            return True
        if str(kind) == "RANGE" and any(what[0] <= ord(each) <= what[1] for each in excluded):
            return True
    return False
