"""One version, the newest where none is named, goes into the queue again."""

from __future__ import annotations

import json

import pytest

from ops.common.errors import OperationsError
from ops.ingestion import reprocess
from ops.ingestion.versions import Version
from tests.unit.ops.conftest import AT, Stubs, entry, page

KEY = "incoming/x.csv"


@pytest.mark.parametrize(("named", "chosen"), [("", "2"), ("1", "1")])
def test_the_version_that_is_meant_is_sent(aws: Stubs, named: str, chosen: str) -> None:
    aws.expect("s3", "list_object_versions", page([entry(KEY, "2"), entry(KEY, "1", latest=False)], []))
    message = Version(key=KEY, version_id=chosen, at=AT, size=5, is_latest=True).message("landing", "Reprocess")
    sent = {"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "0"}], "Failed": []}
    asked = {"QueueUrl": "https://sqs/queue", "Entries": [{"Id": "0", "MessageBody": message}]}
    aws.expect("sqs", "send_message_batch", sent, asked)
    assert reprocess.run(aws.deployment(), key=KEY, version_id=named, yes=True) == 0
    assert json.loads(message)["detail"]["reason"] == "Reprocess"


def test_without_a_terminal_and_without_yes_nothing_is_sent(aws: Stubs) -> None:
    aws.expect("s3", "list_object_versions", page([entry(KEY, "1")], []))
    assert reprocess.run(aws.deployment(), key=KEY, version_id="", yes=False) == 1


def test_what_can_not_be_loaded_is_refused_with_what_to_do(aws: Stubs) -> None:
    cases = [
        (page([], []), "", "there is no 'incoming/x.csv'"),
        (page([entry(KEY, "1")], []), "7", "VERSION must be a version of .* got '7': the newest are 1"),
        (page([], [entry(KEY, "m", size=None)]), "", "was deleted"),
        (page([entry(KEY, "1") | {"StorageClass": "GLACIER"}], []), "", "restore it"),
    ]
    for listing, version_id, words in cases:
        aws.expect("s3", "list_object_versions", listing)
        with pytest.raises(OperationsError, match=words):
            reprocess.run(aws.deployment(), key=KEY, version_id=version_id, yes=True)


@pytest.mark.parametrize("key", ["elsewhere/x.csv", "incoming/folder/"])
def test_keys_that_the_pipeline_ignores_are_refused(aws: Stubs, key: str) -> None:
    with pytest.raises(OperationsError, match="KEY must name a file below incoming/"):
        reprocess.run(aws.deployment(), key=key, version_id="", yes=True)
