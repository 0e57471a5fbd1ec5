"""Declared patterns: which of them take bounded time, and how they become part of the fast path's pattern."""

from __future__ import annotations

import re
import warnings
from bisect import bisect_left
from collections.abc import Iterable
from re import _parser as _syntax  # type: ignore[attr-defined,unused-ignore] # known if Schemathesis is read, too
from typing import Any, NamedTuple

from .column_type import NOTHING, Span
from .patterns import characters

MAX_WAYS = 1_000
_OTHER = 128  # stands for every character beyond ASCII
_ALL = frozenset(range(_OTHER + 1))
_CATEGORIES = {
    "CATEGORY_DIGIT": frozenset(b"0123456789"),
    "CATEGORY_SPACE": frozenset(b" \t\n\r\f\v"),
    "CATEGORY_WORD": frozenset(code for code in range(_OTHER) if chr(code).isalnum()) | {ord("_")},
}
_CATEGORIES |= {name.replace("_", "_NOT_"): _ALL - found for name, found in _CATEGORIES.items()}
_ANCHORS = ("AT_BEGINNING", "AT_BEGINNING_STRING", "AT_END", "AT_END_STRING")


class _Part(NamedTuple):
    """A part of a pattern: which characters can begin it, whether it can be empty, and in how many ways it is tried."""

    first: frozenset[int]
    empty: bool
    ways: int


def fault(pattern: object, longest: int) -> str | None:
    """Why a pattern can't be used for texts of up to `longest` characters; None if it can.

    Python's matcher has a choice at each repeat (another turn or not) and between alternatives. If the next character
    decides, the wrong choice ends at once. If it doesn't, a text that fits until shortly before its end is tried in
    every way: n ** 2 ways for "aaaa…!" and the pattern a*a*b, 2 ** n ways for (a|a)*b. So the ways are counted: a
    repeat whose turns can begin with what may follow it has one for each number of turns, overlapping alternatives have
    the sum of theirs, and the ways of parts that follow each other multiply. Each way takes time in proportion to the
    text, so a pattern with one such repeat takes time in proportion to the square of the length. With 1,000 ways, texts
    made for it took up to 3 microseconds a byte.
    """
    if not isinstance(pattern, str):
        return "must be text"
    try:
        parsed = _parsed(pattern)
        if _sequence(parsed, frozenset(), longest).ways <= MAX_WAYS:
            return None
        shorter = bisect_left(
            range(1, longest), True, key=lambda length: _sequence(parsed, frozenset(), length).ways > MAX_WAYS
        )
    except (ValueError, re.error, Warning, RecursionError, OverflowError) as error:
        return f"must be a regular expression without lookarounds, references and flags: {error}"
    advice = f"declare a maxLength of at most {shorter:,}, or " if shorter else ""
    return (
        f"could be tried in more than {MAX_WAYS:,} ways on one text: {advice}let each repeat and alternative begin "
        "with other characters than what may follow it"
    )


def match_pattern(pattern: str, span: Span) -> str:
    """The same pattern for the fast path: for bytes of visible ASCII characters that the span allows, without captures.

    It matches up to the next character that the span doesn't allow. The text neither begins nor ends with a blank. If a
    later column fails, no other way is tried.
    """
    visible = characters(span.excluded)
    allowed = frozenset(code for code in range(0x20, 0x7F) if chr(code) not in span.excluded)
    return f"(?! )(?>{_rebuilt(_parsed(pattern), allowed)}(?![{visible}]))(?<! )"


def _parsed(pattern: str) -> list[Any]:
    """The pattern's syntax tree, without anchors at its ends: a declared pattern must match the whole text anyway."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Python warns of patterns that a later version may read otherwise
        re.compile(pattern, re.ASCII)  # finds more mistakes than the parser
        parsed = _syntax.parse(pattern, re.ASCII)
    if parsed.state.flags != re.ASCII:
        raise ValueError("it has flags")
    nodes = list(parsed)
    if nodes and str(nodes[0][1]) in _ANCHORS[:2]:
        del nodes[0]
    if nodes and str(nodes[-1][1]) in _ANCHORS[2:]:
        del nodes[-1]
    return nodes


def _characters(operation: Any, argument: Any) -> frozenset[int] | None:
    """The characters that a node for one character takes; None for other nodes."""
    name = str(operation)
    if name == "IN":
        negated = str(argument[0][0]) == "NEGATE"
        found = frozenset().union(*(_characters(*each) or frozenset() for each in argument[negated:]))
        return (_ALL - found) | {_OTHER} if negated else found
    if name in ("LITERAL", "RANGE"):
        low, high = argument if name == "RANGE" else (argument, argument)
        return frozenset(range(min(low, _OTHER), min(high, _OTHER) + 1))
    if name in ("NOT_LITERAL", "ANY"):
        return _ALL - {argument if name == "NOT_LITERAL" else ord("\n")}
    return _CATEGORIES[str(argument)] if name == "CATEGORY" else None


def _sequence(nodes: Iterable[Any], follow: frozenset[int], longest: int) -> _Part:
    """The nodes as one part. What follows it begins with a character of `follow`, or is the end."""
    first, empty, ways = frozenset[int](), True, 1
    for operation, argument in reversed(list(nodes)):
        part = _node(operation, argument, first | follow if empty else first, longest)
        first, empty, ways = (
            part.first | first if part.empty else part.first,
            empty and part.empty,
            min(ways * part.ways, MAX_WAYS + 1),
        )
    return _Part(first, empty, ways)


def _node(operation: Any, argument: Any, follow: frozenset[int], longest: int) -> _Part:
    taken = _characters(operation, argument)
    if taken is not None:
        return _Part(taken, empty=False, ways=1)
    name = str(operation)
    if name == "SUBPATTERN" and not argument[1] and not argument[2]:
        return _sequence(argument[3], follow, longest)
    if name == "BRANCH":
        parts = [_sequence(each, follow, longest) for each in argument[1]]
        begins = [part.first | follow if part.empty else part.first for part in parts]
        first = frozenset().union(*begins)
        overlap = sum(map(len, begins)) > len(first)
        ways = sum(part.ways for part in parts) if overlap else max(part.ways for part in parts)
        return _Part(frozenset().union(*(part.first for part in parts)), any(part.empty for part in parts), ways)
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, body = argument
        first = _sequence(body, frozenset(), longest).first
        part = _sequence(body, first | follow if most > 1 else follow, longest)
        # If a turn may take no character, the length of the text doesn't limit the turns.
        turns = int(most) if part.empty else min(int(most), longest)
        ways = min(part.ways ** min(turns, MAX_WAYS), MAX_WAYS + 1) if part.ways > 1 else 1
        if part.empty or first & follow:
            ways *= max(turns - least, 0) + 1
        return _Part(first, least == 0 or part.empty, ways)
    raise ValueError(f"it has {name.lower().replace('_', ' ')}")


def _rebuilt(nodes: Iterable[Any], allowed: frozenset[int]) -> str:
    """The nodes as a pattern that matches only the allowed characters."""
    return "".join(_rebuilt_node(operation, argument, allowed) for operation, argument in nodes)


def _rebuilt_node(operation: Any, argument: Any, allowed: frozenset[int]) -> str:
    taken = _characters(operation, argument)
    if taken is not None:
        inside = "".join(re.escape(chr(code)) for code in sorted(taken & allowed))
        return f"[{inside}]" if inside else NOTHING
    name = str(operation)
    if name == "SUBPATTERN":
        return f"(?:{_rebuilt(argument[3], allowed)})"
    if name == "BRANCH":
        return f"(?:{'|'.join(_rebuilt(each, allowed) for each in argument[1])})"
    least, most, body = argument
    bounds = f"{least}," if most == _syntax.MAXREPEAT else f"{least},{most}"
    return f"(?:{_rebuilt(body, allowed)}){{{bounds}}}{'?' if name == 'MIN_REPEAT' else ''}"
