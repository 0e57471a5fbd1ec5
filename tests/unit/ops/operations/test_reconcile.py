"""What is in the bucket and not in the ledger is found, however the two interleave."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.common.errors import OperationsError
from ops.ingestion.versions import Version
from ops.operations import reconcile
from ops.operations.reconcile import SOMETHING_IS_MISSING, compare
from tests.unit.ops.conftest import AT, Stubs, entry, page

# Letters whose UTF-8 bytes, UTF-16 units and alphabet disagree about the order.
KEYS = st.text("aZ-/ä€\uffee𝄞", min_size=1, max_size=4)
ROWS = st.sets(st.tuples(KEYS, st.sampled_from("123")), max_size=30)


def version(key: str, version_id: str) -> Version:
    return Version(key=key, version_id=version_id, at=AT, size=1, is_latest=True)


def by_bytes(rows: set[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(rows, key=lambda row: (row[0].encode(), row[1]))


@given(in_bucket=ROWS, known=ROWS)
def test_every_version_is_told_with_whether_the_ledger_knows_it(
    in_bucket: set[tuple[str, str]], known: set[tuple[str, str]]
) -> None:
    versions = (version(*row) for row in by_bytes(in_bucket))
    told = [((each.key, each.version_id), is_known) for each, is_known in compare(versions, iter(by_bytes(known)))]
    assert sorted(told) == sorted((row, row in known) for row in in_bucket)


@pytest.mark.parametrize("whose", ["the bucket", "the ledger"])
def test_a_list_in_another_order_is_refused_rather_than_compared(whose: str) -> None:
    wrong, right = ["b", "a"], ["a", "b"]
    in_bucket = [version(key, "1") for key in (wrong if whose == "the bucket" else right)]
    known = [(key, "1") for key in (wrong if whose == "the ledger" else right)]
    with pytest.raises(OperationsError, match=whose):
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


def test_what_is_missing_is_sent_when_that_was_agreed_to(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    in_bucket = page([entry("incoming/a", "1"), entry("incoming/b", "2")], [entry("incoming/c", "3", size=None)])
    aws.expect("s3", "list_object_versions", in_bucket)
    aws.function_answers({"versions": [["incoming/a", "1"]]})
    aws.queue_holds(4)
    aws.expect("sqs", "send_message_batch", {"Successful": [sent("0"), sent("1")], "Failed": []})
    assert reconcile.run(aws.deployment(), yes=True) == 0
    shown = capsys.readouterr().out
    assert "incoming/b  version 2" in shown
    assert "incoming/c  version 3  2026-11-20 10:00:00 UTC  delete marker" in shown
    assert "3 versions compared: 2 of them the ledger does not know." in shown
    assert "About 4 messages are in the queue" in shown
    assert "2 are in the queue now" in shown


def sent(id_: str) -> dict[str, Any]:
    return {"Id": id_, "MessageId": "m", "MD5OfMessageBody": "0"}


def test_without_a_terminal_and_without_yes_it_reports_only(
    aws: Stubs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    aws.expect("s3", "list_object_versions", page([entry("incoming/a", "1")], []))
    aws.function_answers({"versions": []})
    aws.queue_holds(0)
    assert reconcile.run(aws.deployment(), yes=False) == SOMETHING_IS_MISSING
    assert "YES=1" in capsys.readouterr().out


def test_what_is_too_young_asleep_or_a_folder_is_not_sent(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    young = entry("incoming/young", "1") | {"LastModified": datetime.now(UTC) - timedelta(minutes=1)}
    asleep = entry("incoming/asleep", "2") | {"StorageClass": "DEEP_ARCHIVE"}
    aws.expect("s3", "list_object_versions", page([asleep, entry("incoming/folder/", "3"), young], []))
    aws.function_answers({"versions": []})
    assert reconcile.run(aws.deployment(), yes=True) == SOMETHING_IS_MISSING
    shown = capsys.readouterr().out
    assert "1 not in the ledger are younger than 5 minutes" in shown
    assert "incoming/asleep" in shown
    assert "restore it first" in shown
    assert "folder/" not in shown


def test_nothing_missing_is_good_news(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    aws.expect("s3", "list_object_versions", page([entry("incoming/a", "1")], []))
    aws.function_answers({"versions": [["incoming/a", "1"]]})
    assert reconcile.run(aws.deployment(), yes=False) == 0
    assert "nothing is missing" in capsys.readouterr().out


def test_a_batch_that_sqs_did_not_take_whole_is_an_error(aws: Stubs) -> None:
    aws.expect("s3", "list_object_versions", page([entry("incoming/a", "1")], []))
    aws.function_answers({"versions": []})
    aws.queue_holds(0)
    refused = {"Id": "0", "SenderFault": False, "Code": "x", "Message": "throttled"}
    aws.expect("sqs", "send_message_batch", {"Successful": [], "Failed": [refused]})
    with pytest.raises(OperationsError, match=r"took 0 messages and refused one \(throttled\)"):
        reconcile.run(aws.deployment(), yes=True)
