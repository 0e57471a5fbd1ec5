"""`make reprocess` sends one version to the queue: by default the newest."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from unicodedata import normalize

import pytest

from ops.common.errors import CommandError
from ops.ingestion import keys, queues, reprocess
from ops.ingestion.versions import Version
from tests.support.ops.stubs import AT, Stubs, entry, page

KEY = "incoming/x.csv"
COMPOSED, DECOMPOSED = "incoming/r\u00e9.csv", "incoming/re\u0301.csv"
MIXED = "incoming/r\u00e9e\u0301.csv"


NOW = AT + timedelta(days=1)
WHO = "arn:aws:iam::111122223333:user/ada"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is fixed."""
    monkeypatch.setattr(reprocess, "datetime", SimpleNamespace(now=lambda _: NOW))


def sends(aws: Stubs, key: str, version_id: str, **why: str) -> str:
    """The message about that version that must be sent next; it says who asked, when and why."""
    aws.expect("sts", "get_caller_identity", {"Arn": WHO})
    request = {"by": WHO, "at": "2026-11-21T10:00:00.000+00:00", **why}
    version = Version(key=key, version_id=version_id, at=AT, size=5, is_latest=True)
    message = version.message("landing", "Reprocess", request=request)
    sent = {"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "0"}], "Failed": []}
    entry = {"Id": "0", "MessageBody": message, "MessageGroupId": queues.GROUP}
    asked = {"QueueUrl": "https://sqs/queue", "Entries": [entry]}
    aws.expect("sqs", "send_message_batch", sent, asked)
    return message


@pytest.mark.parametrize(("named", "chosen"), [("", "2"), ("1", "1")])
def test_the_named_version_or_else_the_newest_is_sent(aws: Stubs, named: str, chosen: str) -> None:
    aws.expect("s3", "list_object_versions", page([entry(KEY, "2"), entry(KEY, "1", latest=False)], []))
    message = sends(aws, KEY, chosen, why="it's late")
    assert reprocess.run(aws.ingestion(), key=KEY, version_id=named, yes=True, why="it's late") == 0
    assert json.loads(message)["detail"]["reason"] == "Reprocess"


@pytest.mark.parametrize("why", ["two\nlines", "\x1b[31m", "x" * 501])
def test_a_reason_that_could_not_be_shown_is_refused(aws: Stubs, why: str) -> None:
    with pytest.raises(CommandError, match="WHY must be printable text of at most 500 characters"):
        reprocess.run(aws.ingestion(), key=KEY, version_id="", yes=True, why=why)


@pytest.mark.parametrize(("typed", "other"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_a_file_is_found_in_another_unicode_form(
    aws: Stubs, capsys: pytest.CaptureFixture[str], typed: str, other: str
) -> None:
    aws.expect("s3", "list_object_versions", page([], []))
    aws.expect("s3", "list_object_versions", page([entry(other, "1")], []))
    sends(aws, other, "1")
    assert reprocess.run(aws.ingestion(), key=typed, version_id="", yes=True) == 0
    assert f"Its key is {keys.described(other)}" in capsys.readouterr().out


def test_of_two_files_that_look_the_same_the_typed_one_is_loaded(aws: Stubs) -> None:
    for key in (DECOMPOSED, COMPOSED):
        aws.expect("s3", "list_object_versions", page([entry(key, "1")], []))
    sends(aws, DECOMPOSED, "1")
    assert reprocess.run(aws.ingestion(), key=DECOMPOSED, version_id="", yes=True) == 0


def test_if_two_other_files_look_like_the_typed_one_a_person_must_choose(aws: Stubs) -> None:
    both = [normalize(form, MIXED) for form in ("NFC", "NFD")]
    aws.expect("s3", "list_object_versions", page([], []))
    for key in both:
        aws.expect("s3", "list_object_versions", page([entry(key, "1")], []))
    with pytest.raises(CommandError) as error:
        reprocess.run(aws.ingestion(), key=MIXED, version_id="", yes=True)
    assert str(error.value).startswith("2 keys look like incoming/")
    for key in both:
        assert keys.described(key) in str(error.value)


def test_without_a_terminal_and_without_yes_nothing_is_sent(aws: Stubs) -> None:
    aws.expect("s3", "list_object_versions", page([entry(KEY, "1")], []))
    assert reprocess.run(aws.ingestion(), key=KEY, version_id="", yes=False) == 1


def test_a_version_that_cannot_be_loaded_is_refused_with_a_remedy(aws: Stubs) -> None:
    cases = [
        (page([], []), "", "landing has no version of 'incoming/x.csv'"),
        (page([entry(KEY, "1")], []), "7", "VERSION must be a version of .* got '7': the newest are 1"),
        (page([], [entry(KEY, "m", size=None)]), "", "is a delete marker.* VERSION=; the newest are m"),
        (page([entry(KEY, "1") | {"StorageClass": "GLACIER"}], []), "", "restore it"),
    ]
    for listing, version_id, words in cases:
        aws.expect("s3", "list_object_versions", listing)
        with pytest.raises(CommandError, match=words):
            reprocess.run(aws.ingestion(), key=KEY, version_id=version_id, yes=True)


@pytest.mark.parametrize("key", ["elsewhere/x.csv", "incoming/folder/", "s3://landing/x.csv"])
def test_keys_that_the_pipeline_ignores_are_refused(aws: Stubs, key: str) -> None:
    with pytest.raises(CommandError, match="KEY must name a file below incoming/"):
        reprocess.run(aws.ingestion(), key=key, version_id="", yes=True)
