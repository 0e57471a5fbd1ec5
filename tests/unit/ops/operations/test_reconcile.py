"""`make reconcile` finds every version that is in the bucket and not in the ledger."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.common.errors import CommandError
from ops.ingestion.versions import Version
from ops.operations import reconcile
from ops.operations.reconcile import FILES_ARE_MISSING, compare
from tests.support.operations.stubs import deployed_operations, function_answers
from tests.support.ops.stubs import AT, Stubs, entry, page

# Letters that sort differently by UTF-8 bytes, by UTF-16 units and alphabetically.
KEYS = st.text("aZ-/ä€\uffee𝄞", min_size=1, max_size=4)
ROWS = st.sets(st.tuples(KEYS, st.sampled_from("123")), max_size=30)


def version(key: str, version_id: str) -> Version:
    return Version(key=key, version_id=version_id, at=AT, size=1, is_latest=True)


def by_bytes(rows: set[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(rows, key=lambda row: (row[0].encode(), row[1]))


@given(in_bucket=ROWS, known=ROWS)
def test_every_version_is_compared_with_the_ledger(
    in_bucket: set[tuple[str, str]], known: set[tuple[str, str]]
) -> None:
    versions = (version(*row) for row in by_bytes(in_bucket))
    compared = [((each.key, each.version_id), is_known) for each, is_known in compare(versions, iter(by_bytes(known)))]
    assert sorted(compared) == sorted((row, row in known) for row in in_bucket)


@pytest.mark.parametrize("whose", ["the bucket", "the ledger"])
def test_a_list_in_another_order_is_an_error(whose: str) -> None:
    wrong, right = ["b", "a"], ["a", "b"]
    in_bucket = [version(key, "1") for key in (wrong if whose == "the bucket" else right)]
    known = [(key, "1") for key in (wrong if whose == "the ledger" else right)]
    with pytest.raises(CommandError, match=whose):
        list(compare(iter(in_bucket), iter(known)))


def test_the_bucket_is_not_read_ahead() -> None:
    read = []

    def endless() -> Iterator[Version]:
        for number in range(10**6):
            read.append(number)
            yield version(f"{number:09}", "1")

    first = next(compare(endless(), iter([("000000000", "1")])))
    assert first[1] is True
    assert len(read) <= 2


def test_missing_versions_are_sent_after_confirmation(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    in_bucket = page([entry("incoming/a", "1"), entry("incoming/b", "2")], [entry("incoming/c", "3", size=None)])
    aws.expect("s3", "list_object_versions", in_bucket)
    function_answers(aws, {"versions": [["incoming/a", "1"]]})
    aws.queue_holds(4)
    aws.expect("sqs", "send_message_batch", {"Successful": [sent("0"), sent("1")], "Failed": []})
    assert reconcile.run(deployed_operations(aws), yes=True) == 0
    shown = capsys.readouterr().out
    assert "incoming/b  version 2" in shown
    assert "incoming/c  version 3  2026-11-20 10:00:00 UTC  delete marker" in shown
    assert "3 versions compared: 2 are not in the ledger." in shown
    assert "The queue has about 4 messages" in shown
    assert "2 sent to the queue." in shown


def sent(id_: str) -> dict[str, Any]:
    return {"Id": id_, "MessageId": "m", "MD5OfMessageBody": "0"}


def test_without_a_terminal_and_without_yes_nothing_is_sent(
    aws: Stubs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    aws.expect("s3", "list_object_versions", page([entry("incoming/a", "1")], []))
    function_answers(aws, {"versions": []})
    aws.queue_holds(0)
    assert reconcile.run(deployed_operations(aws), yes=False) == FILES_ARE_MISSING
    assert "YES=1" in capsys.readouterr().out


def test_young_or_archived_versions_and_folders_are_not_sent(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    young = entry("incoming/young", "1") | {"LastModified": datetime.now(UTC) - timedelta(minutes=1)}
    archived = entry("incoming/archived", "2") | {"StorageClass": "DEEP_ARCHIVE"}
    aws.expect("s3", "list_object_versions", page([archived, entry("incoming/folder/", "3"), young], []))
    function_answers(aws, {"versions": []})
    assert reconcile.run(deployed_operations(aws), yes=True) == FILES_ARE_MISSING
    shown = capsys.readouterr().out
    assert "1 not in the ledger are younger than 5 minutes" in shown
    assert "incoming/archived" in shown
    assert "restore it first" in shown
    assert "folder/" not in shown


def test_without_missing_versions_the_command_succeeds(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    aws.expect("s3", "list_object_versions", page([entry("incoming/a", "1")], []))
    function_answers(aws, {"versions": [["incoming/a", "1"]]})
    assert reconcile.run(deployed_operations(aws), yes=False) == 0
    assert "nothing is missing" in capsys.readouterr().out


def test_a_message_that_sqs_refuses_is_an_error(aws: Stubs) -> None:
    aws.expect("s3", "list_object_versions", page([entry("incoming/a", "1")], []))
    function_answers(aws, {"versions": []})
    aws.queue_holds(0)
    refused = {"Id": "0", "SenderFault": False, "Code": "x", "Message": "throttled"}
    aws.expect("sqs", "send_message_batch", {"Successful": [], "Failed": [refused]})
    with pytest.raises(CommandError, match=r"accepted 0 messages and refused one \(throttled\)"):
        reconcile.run(deployed_operations(aws), yes=True)
