"""`make inspect` shows what happened to a file."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ops.common.errors import CommandError
from ops.operations import inspect_file
from tests.support.operations.stubs import deployed_operations, function_answers
from tests.support.ops.stubs import Stubs, entry, page

KEY = "incoming/x.csv"
COMPOSED, DECOMPOSED = "incoming/r\u00e9.csv", "incoming/re\u0301.csv"


def row(version_id: str, **changes: Any) -> dict[str, Any]:
    found = {
        "file_id": 1,
        "version_id": version_id,
        "status": "loaded",
        "reason": None,
        "size_bytes": 5,
        "rows_loaded": 1200,
        "rows_rejected": 0,
        "rows_stored": 7,
        "rejects": [],
        "uploaded_at": "2026-11-20T10:00:00+00:00",
        "received_at": "2026-11-20T10:00:01+00:00",
        "finished_at": "2026-11-20T10:00:02+00:00",
    }
    return found | changes


def known(aws: Stubs, *rows: dict[str, Any], total: int | None = None) -> None:
    function_answers(aws, {"key": KEY, "total": len(rows) if total is None else total, "versions": list(rows)})


def queue(aws: Stubs, *, dead: list[str]) -> None:
    aws.queue_holds(2, 1)
    for bodies in (dead, []):
        for batch in [bodies] if bodies else []:
            messages = [{"Body": body, "ReceiptHandle": f"r{n}", "MessageId": "m"} for n, body in enumerate(batch)]
            aws.expect("sqs", "receive_message", {"Messages": messages})
        aws.expect("sqs", "receive_message", {})
        if bodies:
            entries = [{"Id": str(n), "ReceiptHandle": f"r{n}", "VisibilityTimeout": 0} for n, _ in enumerate(bodies)]
            put_back = {"QueueUrl": "https://sqs/dead", "Entries": entries}
            aws.expect("sqs", "change_message_visibility_batch", {"Successful": [], "Failed": []}, put_back)


def shown(aws: Stubs, capsys: pytest.CaptureFixture[str], *, key: str = KEY, code: int = 0) -> str:
    assert inspect_file.run(deployed_operations(aws), key=key) == code
    return capsys.readouterr().out


def test_it_shows_who_withdrew_a_file_when_and_why(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    at = "2026-11-21T10:00:00+00:00"
    withdrawn = row("1", status="withdrawn", withdrawn_by="arn:ada", withdrawn_at=at, withdrawn_why="it's wrong")
    aws.expect("s3", "list_object_versions", page([entry(KEY, "1")], []))
    known(aws, withdrawn)
    queue(aws, dead=[])
    text = shown(aws, capsys)
    assert "  1  withdrawn\n" in text
    assert '    withdrawn by arn:ada, 2026-11-21 10:00:00 UTC: "it\'s wrong"' in text


def test_it_shows_who_had_a_file_loaded_again(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    request = {
        "requested_at": "2026-11-21T10:00:00+00:00",
        "requested_by": "arn:aws:iam::111122223333:user/ada",
        "why": "\x1b",
    }
    aws.expect("s3", "list_object_versions", page([entry(KEY, "v1")], []))
    known(aws, row("v1", requests=[request]))
    queue(aws, dead=[])
    line = 'loaded again on request of arn:aws:iam::111122223333:user/ada, 2026-11-21 10:00:00 UTC: "\\u001b"'
    assert line in shown(aws, capsys)


def test_a_loaded_file_shows_its_counts_and_rejects(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    aws.expect("s3", "list_object_versions", page([entry(KEY, "v1")], []))
    reject = {"line_number": 3, "raw": 'a,"b', "reasons": ["quantity is missing", "sku is missing"]}
    known(aws, row("v1", rows_rejected=9, rejects=[reject], reason="Ignored columns: colour."))
    queue(aws, dead=[])
    text = shown(aws, capsys)
    assert "2026-11-20 10:00:00 UTC  v1  5 bytes, the newest" in text
    assert "v1  loaded: Ignored columns: colour." in text
    assert "1,200 rows loaded, 9 rejected; rows of this version that are stored now: 7" in text
    assert "received 2026-11-20 10:00:01 UTC, finished 2026-11-20 10:00:02 UTC" in text
    assert 'line 3: quantity is missing; sku is missing\n      "a,\\"b"' in text
    assert "and 8 more rejected rows" in text
    assert "In the queue: about 2 messages, and 1 in flight" in text
    assert "reconcile" not in text


def test_versions_that_the_ledger_does_not_have_are_counted(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    aws.expect("s3", "list_object_versions", page([entry(KEY, "v2")], [entry(KEY, "m", size=None, latest=False)]))
    known(aws, row("m", status="deleted"))
    queue(aws, dead=[])
    text = shown(aws, capsys)
    assert "The ledger does not have 1 of these versions." in text
    assert "make reconcile" in text


def test_a_file_among_the_dead_letters_is_found_and_every_message_is_visible_again(
    aws: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = json.dumps({"detail": {"object": {"key": KEY, "version-id": "v1"}}})
    other = json.dumps({"detail": {"object": {"key": "incoming/y", "version-id": "v9"}}})
    aws.expect("s3", "list_object_versions", page([], []))
    known(aws)
    queue(aws, dead=["not JSON", "[]", other, ours])
    text = shown(aws, capsys, code=1)
    assert "Dead letters: 1 message of this file, version v1" in text
    assert "Undelivered events: none of this file (searched 0 messages)" in text


def test_removed_rejects_and_uncounted_rows_are_reported(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    aws.expect("s3", "list_object_versions", page([], []))
    known(aws, row("v1", rows_rejected=9, rows_stored=None), total=30)
    queue(aws, dead=[])
    text = shown(aws, capsys)
    assert "no longer stored" in text
    assert "too many to count" in text
    assert "and 29 older ones" in text


@pytest.mark.parametrize(
    ("answer", "more", "words"),
    [
        ({"error": "the database request failed: away"}, {}, "can't answer: the database request failed: away"),
        ({"errorMessage": "Task timed out"}, {"FunctionError": "Unhandled"}, r"failed \(Task timed out\)"),
    ],
)
def test_a_function_failure_is_an_error_with_its_reason(
    aws: Stubs, answer: Any, more: dict[str, str], words: str
) -> None:
    aws.expect("s3", "list_object_versions", page([], []))
    function_answers(aws, answer, **more)
    with pytest.raises(CommandError, match=words):
        inspect_file.run(deployed_operations(aws), key=KEY)


@pytest.mark.parametrize(
    ("typed", "other", "form"),
    [
        (COMPOSED, DECOMPOSED, "decomposed Unicode, KEY=$'incoming/re\\xcc\\x81.csv'"),
        (DECOMPOSED, COMPOSED, "composed Unicode, KEY=$'incoming/r\\xc3\\xa9.csv'"),
    ],
)
def test_a_file_is_found_in_another_unicode_form(
    aws: Stubs, capsys: pytest.CaptureFixture[str], typed: str, other: str, form: str
) -> None:
    aws.expect("s3", "list_object_versions", page([], []))
    aws.expect("s3", "list_object_versions", page([entry(other, "v1"), entry(other, "v2", latest=False)], []))
    known(aws)
    known(aws, row("v1"))
    queue(aws, dead=[json.dumps({"detail": {"object": {"key": other, "version-id": "v1"}}})])
    text = shown(aws, capsys, key=typed)
    assert f"Found in {form}\nIn the bucket: 2 versions\n" in text
    assert "In the ledger: 1 version\n" in text
    assert text.count("In the bucket") == 1
    assert "Dead letters: 1 message of this file, version v1" in text
    assert "The ledger does not have 1 of these versions." in text


def test_every_unicode_form_that_the_bucket_or_the_ledger_has_is_shown(
    aws: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.expect("s3", "list_object_versions", page([entry(COMPOSED, "v1")], []))
    aws.expect("s3", "list_object_versions", page([], []))
    known(aws, row("v1"))
    known(aws, row("v2"))
    queue(aws, dead=[])
    text = shown(aws, capsys, key=COMPOSED)
    composed, decomposed = text.split("Found in ")[1:]
    assert composed.startswith("composed")
    assert "v1  loaded" in composed
    assert decomposed.startswith("decomposed")
    assert "v2  loaded" in decomposed


def test_a_hostile_key_and_its_rows_do_not_reach_the_terminal(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x1b]0;owned\x07\x9b2J\u202e\nDead letters: none"
    key = f"incoming/{hostile}.csv"
    aws.expect("s3", "list_object_versions", page([entry(key, "v1")], []))
    reject = {"line_number": 3, "raw": hostile, "reasons": [f"sku {hostile}"]}
    known(aws, row("v1", rows_rejected=1, rejects=[reject], reason=hostile))
    queue(aws, dead=[])
    lines = shown(aws, capsys, key=key).split("\n")
    assert all(line.isprintable() for line in lines)
    assert len([line for line in lines if line.startswith("Dead letters")]) == 1


@pytest.mark.parametrize("typed", ["x.csv", "s3://landing/incoming/x.csv", "S3://landing/x.csv"])
def test_a_key_may_lack_the_prefix_and_may_be_a_url(aws: Stubs, capsys: pytest.CaptureFixture[str], typed: str) -> None:
    if "incoming/" not in typed:
        aws.expect("s3", "list_object_versions", page([], []))
    aws.expect("s3", "list_object_versions", page([entry(KEY, "v1")], []))
    known(aws, row("v1"))
    queue(aws, dead=[])
    text = shown(aws, capsys, key=typed)
    assert text.startswith(f"{KEY} in ")
    assert "v1  loaded" in text


def test_a_file_outside_the_prefix_is_shown_as_it_is_named(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    aws.expect("s3", "list_object_versions", page([entry("x.csv", "v1")], []))
    known(aws)
    queue(aws, dead=[])
    assert "The pipeline loads only files below incoming/." in shown(aws, capsys, key="x.csv")


@pytest.mark.parametrize("typed", ["s3://other/incoming/x.csv", "s3://landing", "s3://landing/", "s3://landing-2/x"])
def test_a_url_of_another_bucket_or_of_no_file_is_refused(aws: Stubs, typed: str) -> None:
    with pytest.raises(CommandError, match=re.escape(f"KEY must name a file in s3://landing/, got {typed!r}")):
        inspect_file.run(deployed_operations(aws), key=typed)


def test_a_file_that_is_nowhere_is_an_error(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    aws.expect("s3", "list_object_versions", page([], []))
    known(aws)
    queue(aws, dead=[])
    assert inspect_file.run(deployed_operations(aws), key=KEY) == 1
    assert capsys.readouterr().err == f"Neither the bucket nor the ledger has {KEY}.\n"
