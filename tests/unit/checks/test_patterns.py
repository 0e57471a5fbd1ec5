"""Pattern A covers pattern B if A matches every text that B matches. A and B overlap if a text matches both."""

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
def test_a_pattern_covers_every_pattern_that_matches_fewer_texts(pattern: str, other: str, expected: bool) -> None:
    assert covers(pattern, other) is expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
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
def test_patterns_overlap_if_a_text_matches_both(first: str, second: str, expected: bool) -> None:
    assert overlaps(first, second) is expected
    assert overlaps(second, first) is expected
