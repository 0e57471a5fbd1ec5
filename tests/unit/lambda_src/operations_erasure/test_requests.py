"""A request to erase is parsed, or refused with one line that names the field."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from operations_erasure.requests import ErasureRequestError, FinishedVersions, Forget, Overlapping, Withdraw, parse

HASH = "0123456789abcdef" * 4
WITHDRAW = {"action": "withdraw", "key": "k", "version_id": None, "who": "arn:ada", "why": "wrong", "dry_run": True}
OVERLAPPING = {"action": "overlapping", "key": "k", "version_id": "v", "after": 0, "limit": 1000}


def test_valid_requests_are_parsed() -> None:
    asked = {"action": "forget", "address_hash": HASH, "dry_run": True}
    assert parse(asked) == Forget(address_hash=bytes.fromhex(HASH), until=None, dry_run=True)
    timed = Forget(address_hash=bytes.fromhex(HASH), until=datetime(2026, 11, 20, tzinfo=UTC), dry_run=False)
    assert parse(asked | {"dry_run": False, "until": "2026-11-20T00:00:00+00:00"}) == timed
    assert parse({"action": "finished_versions", "versions": [["k", "v"]]}) == FinishedVersions(versions=(("k", "v"),))
    newest = Withdraw(key="k", version_id=None, who="arn:ada", why="wrong", dry_run=True)
    assert parse(WITHDRAW) == newest
    assert parse(WITHDRAW | {"version_id": "v"}) == replace(newest, version_id="v")
    assert parse(OVERLAPPING) == Overlapping(key="k", version_id="v", after=0, limit=1000)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ([], "JSON object"),
        ({"action": "drop"}, "action must be"),
        ({"action": "forget", "dry_run": True}, "address_hash"),
        ({"action": "forget", "address_hash": "ada@example.com", "dry_run": True}, "address_hash"),
        ({"action": "forget", "address_hash": HASH.upper(), "dry_run": True}, "address_hash"),
        ({"action": "forget", "address_hash": HASH}, "dry_run"),
        ({"action": "forget", "address_hash": HASH, "dry_run": 0}, "dry_run"),
        ({"action": "forget", "address_hash": HASH, "dry_run": False, "until": "yesterday"}, "until"),
        ({"action": "forget", "address_hash": HASH, "dry_run": False, "until": "2026-11-20"}, "until"),
        ({"action": "finished_versions", "versions": "k"}, "versions"),
        ({"action": "finished_versions", "versions": [["k"]]}, "versions"),
        ({"action": "finished_versions", "versions": [["k", "\0"]]}, "versions"),
        ({"action": "finished_versions", "versions": [["k", "v"]] * 1001}, "versions"),
        (WITHDRAW | {"key": ""}, "key must be text of 1 to 2,048 bytes"),
        (WITHDRAW | {"key": ["k"]}, "key must be text"),
        (WITHDRAW | {"version_id": "\0"}, "version_id must be text"),
        (WITHDRAW | {"who": None}, "who must be text"),
        (WITHDRAW | {"why": "x" * 2_049}, "why must be text"),
        (WITHDRAW | {"why": "\ud800"}, "why must be text"),
        (WITHDRAW | {"dry_run": "no"}, "dry_run"),
        (OVERLAPPING | {"version_id": None}, "version_id must be text"),
        (OVERLAPPING | {"after": -1}, "after must be a whole number from 0"),
        (OVERLAPPING | {"limit": 1001}, "limit must be a whole number from 1 to 1000"),
        (OVERLAPPING | {"limit": True}, "limit must be"),
    ],
)
def test_other_requests_are_refused_and_an_address_is_not_repeated(event: object, words: str) -> None:
    with pytest.raises(ErasureRequestError, match=words) as refused:
        parse(event)
    assert "@" not in str(refused.value)
