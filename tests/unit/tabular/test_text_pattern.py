"""Declared patterns are matched in bounded time, and match the same texts on the fast path."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tabular.types import text_pattern
from tabular.types.column_type import QUOTED, Span, plain
from tabular.types.text_pattern import fault, match_pattern

COMMON = [
    r"[A-Z]{2}-[0-9]{1,4}",
    r"^\d{5}$",
    r"[A-Z0-9]{3,10}(-[A-Z0-9]+)?",
    r"(red|green|gray)",
    r"\d{1,3}(,\d{3})*(\.\d+)?",
    r"[^;]+",
    r".*",
    r"\S+ \S+",
    r"[\w.-]+@[\w-]+\.[a-z]{2,}",
    r"(?P<year>\d{4})/(?P<number>\d+)",
]
# A pattern, and the longest texts for which it may be declared.
COSTLY = [
    (r"a*a*b", 999),
    (r".*x", 999),
    (r"(?:[a-z]+\.)+[a-z]+", 1_000),
    (r"a*a*a*b", 30),
    (r"(a|a)*b", 9),
    (r"(a|ab)*(b|c)*", 9),
    (r"(a+)+b", 4),
    (r"(x+x+)+y", 3),
    (r"(a|b|ab)*c", 6),
]


@pytest.mark.parametrize("pattern", COMMON)
def test_a_common_pattern_may_be_declared_for_any_text_of_a_code(pattern: str) -> None:
    assert fault(pattern, 255) is None


@pytest.mark.parametrize(("pattern", "longest"), COSTLY)
def test_a_pattern_that_is_tried_in_many_ways_needs_short_texts(pattern: str, longest: int) -> None:
    assert fault(pattern, longest) is None
    assert f"declare a maxLength of at most {longest:,}, or" in (fault(pattern, longest + 1) or "")


@pytest.mark.parametrize(
    "pattern", ["a++b", "(?>a)", r"(a)\1", "(?=a)", "(?<!a)b", r"\bfoo", "(?i)a", "(?s:.)", "a^b", "(", "[[a]", "*"]
)
def test_a_pattern_with_other_means_is_refused(pattern: str) -> None:
    assert "must be a regular expression without" in (fault(pattern, 9) or "")


characters = st.sampled_from(
    ["a", "b", "c", "[ab]", "[^a]", ".", r"\d", r"\w", r"\s", r"\S", "1", "-", r"\.", "[(]", "é", "[a-z;]", '"', ","]
)
patterns = st.recursive(
    characters,
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("({}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "*?", "{0,20}"])),
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    patterns,
    st.lists(st.text('ab1-.(é ,;"', max_size=12), min_size=10, max_size=10),
    st.sampled_from([plain(","), plain(";"), QUOTED]),
)
def test_the_pattern_for_bytes_means_the_same(pattern: str, texts: list[str], span: Span) -> None:
    assume(fault(pattern, 20) is None)
    rule = re.compile(pattern, re.ASCII)
    fast = re.compile(f"(?:{match_pattern(pattern, span)}){re.escape(span.end)}".encode("latin-1"))
    for text in texts:
        taken = fast.fullmatch(f"{text}{span.end}".encode()) is not None
        ordinary = text.isascii() and span.has(text) and text == text.strip()
        assert taken == (ordinary and text != "" and rule.fullmatch(text) is not None) or (text == "" and taken)


@settings(max_examples=300, deadline=None)
@given(patterns, st.sampled_from(["a", "ab", "b", "aab", "1", "a-"]), st.integers(2, 30))
def test_a_text_that_almost_matches_is_compared_in_no_more_ways_than_counted(
    pattern: str, part: str, longest: int
) -> None:
    assume(fault(pattern, longest) is None)
    nodes = text_pattern._parsed(pattern)
    ways = text_pattern._sequence(nodes, frozenset(), longest).ways
    text = (part * longest)[: longest - 1] + "!"
    assert comparisons(nodes, text) <= ways * (longest + 1) * len(pattern)


@pytest.mark.parametrize(("pattern", "longest"), COSTLY)
def test_a_costly_pattern_makes_thousands_of_comparisons_where_it_is_allowed(pattern: str, longest: int) -> None:
    longest = min(longest, 60)  # deeper, the matcher below would exceed Python's stack
    nodes = text_pattern._parsed(pattern)
    for part in ("a", "ab", "b", "x", "a."):
        text = (part * longest)[: longest - 1] + "!"
        assert comparisons(nodes, text) <= text_pattern.MAX_WAYS * (longest + 1) * 2


def comparisons(nodes: list[Any], text: str) -> int:
    """How many comparisons of a character a backtracking matcher makes, until it has a match or no choice is left."""
    count = 0

    def run(nodes: list[Any], at: int, then: Callable[[int], bool]) -> bool:
        nonlocal count
        if not nodes:
            return then(at)
        (operation, argument), *rest = nodes
        taken = text_pattern._characters(operation, argument)
        if taken is not None:
            count += 1
            return at < len(text) and min(ord(text[at]), 128) in taken and run(rest, at + 1, then)
        if str(operation) == "SUBPATTERN":
            return run(list(argument[3]), at, lambda end: run(rest, end, then))
        if str(operation) == "BRANCH":
            return any(run(list(each), at, lambda end: run(rest, end, then)) for each in argument[1])
        least, most, body = argument

        def turn(number: int, start: int) -> bool:
            more = number < most and run(
                list(body), start, lambda end: (end > start or number < least) and turn(number + 1, end)
            )
            return more or (number >= least and run(rest, start, then))

        return turn(0, at)

    run(nodes, 0, lambda end: end == len(text))
    return count
