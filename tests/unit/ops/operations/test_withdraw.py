"""`make withdraw` reports, asks, withdraws, and has the files that it met loaded again."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.response import StreamingBody

from ops.common.errors import CommandError
from ops.ingestion import queues
from ops.ingestion.versions import Version
from ops.operations import __main__ as commands
from ops.operations import withdraw
from tests.support.operations.stubs import deployed_operations
from tests.support.ops.stubs import AT, Stubs, entry, page

KEY, OTHER = "incoming/orders/x.csv", "incoming/orders/a.csv"
COMPOSED, DECOMPOSED = "incoming/orders/r\u00e9.csv", "incoming/orders/re\u0301.csv"
WHO = "arn:aws:iam::111122223333:user/ada"
WHEN = "2026-11-21T10:00:00.123456+00:00"
FILE: dict[str, Any] = {
    "version_id": "v2",
    "dataset": "orders",
    "overlaps_noted": True,
    "uploaded_at": "2026-11-20T10:00:00+00:00",
    "rows": 1200,
    "withdrawn": None,
}
WITHDRAWN = FILE | {"withdrawn": {"at": WHEN, "by": WHO, "why": "wrong prices"}}


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stubbed client takes no configuration."""
    original = Stubs.client
    monkeypatch.setattr(Stubs, "client", lambda stubs, service, region_name="", config=None: original(stubs, service))


def answers(aws: Stubs, answer: Any, function: str = "erasure", **request: Any) -> None:
    payload = json.dumps(answer).encode()
    asked = {"FunctionName": function, "Payload": json.dumps(request).encode()}
    aws.expect("lambda", "invoke", {"Payload": StreamingBody(io.BytesIO(payload), len(payload))}, asked)


def known(aws: Stubs, key: str, total: int = 1) -> None:
    answers(aws, {"total": total, "versions": []}, "operations", action="inspect", key=key)


def caller(aws: Stubs) -> None:
    aws.expect("sts", "get_caller_identity", {"Arn": WHO})


def asked(aws: Stubs, answer: Any, *, dry_run: bool, version_id: str | None) -> None:
    who = {"who": WHO, "why": "wrong prices"}
    answers(aws, answer, action="withdraw", key=KEY, **who, version_id=version_id, dry_run=dry_run)
    if version_id is None and "error" not in answer:
        aws.expect("s3", "list_object_versions", page([entry(KEY, "v2")], []))


def met(aws: Stubs, *files: list[Any]) -> None:
    answers(aws, {"files": files}, action="overlapping", key=KEY, version_id="v2", after=0, limit=1000)


def sends(aws: Stubs, *version_ids: str) -> None:
    request = {"by": WHO, "at": WHEN, "why": f"withdrawal of {KEY}"}
    chosen = [Version(key=OTHER, version_id=each, at=AT, size=5, is_latest=True) for each in version_ids]
    entries = [
        {
            "Id": str(number),
            "MessageBody": each.message("landing", "Reprocess", request=request),
            "MessageGroupId": queues.GROUP,
        }
        for number, each in enumerate(chosen)
    ]
    sent = [{"Id": str(number), "MessageId": "m", "MD5OfMessageBody": "0"} for number in range(len(chosen))]
    expected = {"QueueUrl": "https://sqs/queue", "Entries": entries}
    aws.expect("sqs", "send_message_batch", {"Successful": sent, "Failed": []}, expected)


def run(aws: Stubs, *, yes: bool = True, key: str = KEY, version_id: str = "") -> int:
    return withdraw.run(deployed_operations(aws), key=key, version_id=version_id, why="wrong prices", yes=yes)


def test_without_confirmation_it_only_reports(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    known(aws, KEY)
    caller(aws)
    asked(aws, FILE | {"overlaps_noted": False}, dry_run=True, version_id=None)
    met(aws, [3, OTHER, "v1"], [4, OTHER, "gone"], [5, OTHER, "cold"])
    cold = entry(OTHER, "cold") | {"StorageClass": "GLACIER"}
    aws.expect("s3", "list_object_versions", page([entry(OTHER, "v1"), cold], []))
    assert run(aws, yes=False) == 1
    shown = capsys.readouterr().out
    assert f"Withdrawing {KEY}, version v2 of 2026-11-20 10:00:00 UTC" in shown
    assert "1,200 rows of orders go." in shown
    assert f"1 files have the same keys, and are loaded again:\n  {OTHER}  version v1  5 bytes\n" in shown
    assert f"1 files are archived: restore them in S3, and run this again:\n  {OTHER}  version cold" in shown
    assert "1 files are no longer in the bucket, so what this file replaced of them does not come back:\n" in shown
    assert f"  {OTHER}  version gone\n" in shown
    assert "An older release loaded this file" in shown
    assert "Nothing was done" in shown


def test_a_key_with_several_versions_needs_the_version(aws: Stubs) -> None:
    """A wrong file that is still in the queue has no rows yet: the good one before it must not go instead."""
    known(aws, KEY)
    caller(aws)
    who = {"who": WHO, "why": "wrong prices"}
    answers(aws, FILE, action="withdraw", key=KEY, **who, version_id=None, dry_run=True)
    newer = [entry(KEY, "v3"), entry(KEY, "v2", latest=False)]
    aws.expect("s3", "list_object_versions", page(newer, []))
    with pytest.raises(
        CommandError, match=r"has 2 versions: choose the one to withdraw\n  VERSION=v3 .*\n  VERSION=v2"
    ):
        run(aws)


def test_a_restored_version_is_loaded_again(aws: Stubs) -> None:
    known(aws, KEY)
    caller(aws)
    asked(aws, WITHDRAWN, dry_run=True, version_id=None)
    met(aws, [3, OTHER, "v1"])
    restored = {"StorageClass": "GLACIER", "RestoreStatus": {"IsRestoreInProgress": False}}
    aws.expect("s3", "list_object_versions", page([entry(OTHER, "v1") | restored], []))
    sends(aws, "v1")
    assert run(aws) == 0


@pytest.mark.parametrize("why", ["", " "])
def test_a_withdrawal_needs_a_reason(aws: Stubs, why: str) -> None:
    with pytest.raises(CommandError, match="WHY must say why"):
        withdraw.run(deployed_operations(aws), key=KEY, version_id="v2", why=why, yes=True)


def test_it_withdraws_what_it_showed_and_sends_the_files_that_it_met_until_then(
    aws: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also a file that was loaded between the report and the withdrawal. A newer version of the key stays."""
    known(aws, KEY)
    caller(aws)
    asked(aws, FILE, dry_run=True, version_id=None)
    met(aws, [3, OTHER, "v1"])
    aws.expect("s3", "list_object_versions", page([entry(OTHER, "v1")], []))
    asked(aws, WITHDRAWN, dry_run=False, version_id="v2")
    met(aws, [3, OTHER, "v1"], [4, OTHER, "v5"])
    aws.expect("s3", "list_object_versions", page([entry(OTHER, "v5"), entry(OTHER, "v1", latest=False)], []))
    sends(aws, "v1", "v5")
    assert run(aws) == 0
    shown = capsys.readouterr().out
    assert "1,200 rows are deleted." in shown
    assert "2 files are in the queue" in shown
    assert "An older release" not in shown


def test_twice_has_no_effect_and_says_so(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    known(aws, KEY)
    caller(aws)
    asked(aws, WITHDRAWN, dry_run=True, version_id=None)
    met(aws)
    assert run(aws) == 0
    shown = capsys.readouterr().out
    assert f"was withdrawn by {WHO}, 2026-11-21 10:00:00 UTC.\nThe reason was: wrong prices\nNothing is left" in shown


def test_a_command_that_was_interrupted_is_continued(aws: Stubs) -> None:
    known(aws, KEY)
    caller(aws)
    asked(aws, WITHDRAWN, dry_run=True, version_id="v2")
    met(aws, [3, OTHER, "v1"])
    aws.expect("s3", "list_object_versions", page([entry(OTHER, "v1")], []))
    sends(aws, "v1")
    assert run(aws, version_id="v2") == 0


def test_an_archived_file_is_left_and_the_exit_code_says_so(aws: Stubs) -> None:
    known(aws, KEY)
    caller(aws)
    asked(aws, WITHDRAWN, dry_run=True, version_id=None)
    met(aws, [3, OTHER, "v1"])
    cold = entry(OTHER, "v1") | {"StorageClass": "DEEP_ARCHIVE"}
    aws.expect("s3", "list_object_versions", page([cold], []))
    assert run(aws) == withdraw.ARCHIVED_FILES_ARE_LEFT


def test_more_files_than_a_page_are_all_found(aws: Stubs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withdraw, "_PAGE", 2)
    about = {"action": "overlapping", "key": KEY, "version_id": "v2"}
    answers(aws, {"files": [[3, OTHER, "v1"], [9, OTHER, "v2"]]}, **about, after=0, limit=2)
    aws.expect("s3", "list_object_versions", page([entry(OTHER, "v2"), entry(OTHER, "v1", latest=False)], []))
    answers(aws, {"files": []}, **about, after=9, limit=2)
    found = withdraw._met(deployed_operations(aws), KEY, "v2")
    assert [version.version_id for version in found.readable] == ["v1", "v2"]


def test_a_file_is_found_by_its_url_and_in_another_unicode_form(aws: Stubs) -> None:
    known(aws, COMPOSED, total=0)
    known(aws, DECOMPOSED)
    assert withdraw._known(deployed_operations(aws), COMPOSED) == DECOMPOSED
    known(aws, KEY)
    caller(aws)
    asked(aws, FILE, dry_run=True, version_id=None)
    met(aws)
    assert run(aws, key=f"s3://landing/{KEY}", yes=False) == 1


def test_an_unknown_file_is_refused(aws: Stubs) -> None:
    known(aws, KEY, total=0)
    with pytest.raises(CommandError, match=r"the ledger has no version of 'incoming/orders/x\.csv'"):
        run(aws)


def test_a_version_that_was_not_loaded_is_refused_by_the_function(aws: Stubs) -> None:
    known(aws, KEY)
    caller(aws)
    asked(aws, {"error": "version v1 brought no rows"}, dry_run=True, version_id="v1")
    with pytest.raises(CommandError, match="can't answer: version v1 brought no rows"):
        run(aws, version_id="v1")


@pytest.mark.parametrize("why", ["two\nlines", "\x1b[31m", "x" * 501])
def test_a_reason_that_could_not_be_shown_is_refused_before_anything_is_asked(aws: Stubs, why: str) -> None:
    with pytest.raises(CommandError, match="WHY must be printable text of at most 500 characters"):
        withdraw.run(deployed_operations(aws), key=KEY, version_id="", why=why, yes=True)


@pytest.mark.parametrize(("given", "missing"), [(["--why", "x"], "KEY"), (["--key", KEY], "WHY")])
def test_a_command_without_a_file_or_a_reason_is_refused(
    given: list[str], missing: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.common.command_line.find", lambda *_: Stubs.environment(Stubs.__new__(Stubs)))
    monkeypatch.setattr("ops.common.command_line.require_account", lambda *_: None)
    assert commands.main(["withdraw", *given]) == 1
    assert f"withdraw: {missing} is missing: make withdraw KEY=" in capsys.readouterr().err
