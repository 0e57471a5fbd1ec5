"""A request is parsed, or refused with one line that names the field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.requests import LARGEST_PAGE, Inspect, KnownVersions, RequestError, parse


def test_valid_requests_are_parsed() -> None:
    assert parse({"action": "inspect", "key": "incoming/ä b.csv"}) == Inspect(key="incoming/ä b.csv")
    assert parse({"action": "known_versions", "after": None, "limit": 5}) == KnownVersions(after=None, limit=5)
    assert parse({"action": "known_versions", "after": ["k", "v"], "limit": LARGEST_PAGE}) == KnownVersions(
        after=("k", "v"), limit=LARGEST_PAGE
    )


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ([], "JSON object"),
        ({}, "action"),
        ({"action": "drop"}, "action must be 'inspect' or 'known_versions', got 'drop'"),
        ({"action": "inspect"}, "key"),
        ({"action": "inspect", "key": ""}, "key"),
        ({"action": "inspect", "key": 5}, "key"),
        ({"action": "inspect", "key": "a\0b"}, "key"),
        ({"action": "inspect", "key": "a\ud800b"}, "key"),
        ({"action": "inspect", "key": "ä" * 513}, "key"),
        ({"action": "known_versions", "after": None}, "limit"),
        ({"action": "known_versions", "after": None, "limit": 0}, "limit"),
        ({"action": "known_versions", "after": None, "limit": True}, "limit"),
        ({"action": "known_versions", "after": None, "limit": LARGEST_PAGE + 1}, "limit"),
        ({"action": "known_versions", "after": "k", "limit": 1}, "after"),
        ({"action": "known_versions", "after": ["k"], "limit": 1}, "after"),
        ({"action": "known_versions", "after": ["k", None], "limit": 1}, r"after\[1\]"),
    ],
)
def test_an_invalid_field_is_named(event: object, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        parse(event)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text(st.characters(categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(
    action=st.sampled_from(["inspect", "known_versions"]) | JSON,
    fields=st.dictionaries(st.sampled_from(["key", "after", "limit"]), JSON),
)
def test_no_request_causes_any_other_error(action: object, fields: dict[str, object]) -> None:
    try:
        parse({"action": action, **fields})
    except RequestError as error:
        assert len(str(error)) < 300
