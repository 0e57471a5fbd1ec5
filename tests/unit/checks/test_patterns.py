"""A pattern covers another if it matches everything that the other matches."""

import pytest

from checks.patterns import covers, overlaps


@pytest.mark.parametrize(
    ("pattern", "other", "expected"),
    [
        ("s3:GetObject", "s3:GetObject", True),
        ("s3:Get*", "s3:GetObject", True),
        ("s3:Get*", "s3:GetObject*", True),
        ("*", "s3:*", True),
        ("s3:*", "*", False),
        ("s3:GetObject", "s3:Get*", False),
        ("s3:GetObject?", "s3:GetObject*", False),
        ("s3:GetObject*", "s3:GetObject?", True),
        ("s3:GetObject?", "s3:GetObjects", True),
        ("a*c", "abbc", True),
        ("a*c", "abb", False),
        ("a.c", "abc", False),
        ("${data/Bucket.Arn}/*", "${data/Bucket.Arn}/incoming/*", True),
        ("${data/Bucket.Arn}/incoming/*", "${data/Bucket.Arn}/*", False),
    ],
)
def test_a_pattern_covers_another_that_it_fully_matches(pattern: str, other: str, expected: bool) -> None:
    assert covers(pattern, other) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("s3:Get*", "s3:*Object", True),
        ("s3:Get*", "s3:Put*", False),
        ("s3:GetObject", "s3:GetObject", True),
        ("s3:Get?", "s3:Gets", True),
        ("s3:Get?", "s3:Get", False),
        ("*", "s3:Get", True),
        ("", "*", True),
        ("", "a", False),
    ],
)
def test_patterns_overlap_where_one_text_matches_both(one: str, other: str, expected: bool) -> None:
    assert overlaps(one, other) is expected
    assert overlaps(other, one) is expected
