"""`make forget` reports, asks, and then erases."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.response import StreamingBody

from ops.common.errors import CommandError
from ops.operations import forget
from tabular.addresses import address_hash
from tests.support.operations.stubs import deployed_operations, function_answers
from tests.support.ops.stubs import Stubs, entry, page

EMAIL = "ada@example.com"
KEY = "incoming/orders/x.csv"
NOTHING: dict[str, Any] = {"rows": {}, "rejects": 0, "reasons": 0, "keys": 0, "until": "2026-11-20T10:00:00+00:00"}
SOMETHING = NOTHING | {"rows": {"orders": {"deleted": 2, "masked": 1}}, "rejects": 3}


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stubbed client takes no configuration."""
    original = Stubs.client
    monkeypatch.setattr(Stubs, "client", lambda stubs, service, region_name="", config=None: original(stubs, service))


def body(content: bytes) -> dict[str, Any]:
    return {"Body": StreamingBody(io.BytesIO(content), len(content))}


def bucket_has(aws: Stubs, **contents: bytes) -> None:
    aws.expect("s3", "list_object_versions", page([entry(KEY, name, latest=name == "v1") for name in contents], []))
    for content in contents.values():
        aws.expect("s3", "get_object", body(content))


def test_without_confirmation_it_only_reports(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    function_answers(aws, SOMETHING)
    bucket_has(aws, v1=b"1,ada@example.com\n", v2=b"2,eve@example.com\n")
    assert forget.run(deployed_operations(aws), email=EMAIL, yes=False) == 1
    shown = capsys.readouterr().out
    assert "In the database: 2 rows of orders and 1 mentions, 3 rejected rows, 0 reasons of files." in shown
    assert "1 of 2 originals have the address" in shown
    assert "Nothing was done" in shown


def test_it_remembers_first_then_erases_and_deletes_what_is_loaded(
    aws: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    function_answers(aws, SOMETHING)
    bucket_has(aws, v1=b"1,ada@example.com\n", v2=b"2,Ada@Example.com\n")
    remembered = {
        "Bucket": "landing",
        "Key": f"erasures/{address_hash(EMAIL).hex()}",
        "Body": json.dumps({"until": NOTHING["until"]}).encode(),
    }
    aws.expect("s3", "put_object", {}, remembered)
    function_answers(aws, SOMETHING)
    aws.expect("s3", "put_object", {}, remembered)
    function_answers(aws, {"versions": [[KEY, "v1"]]})
    aws.expect("s3", "list_object_versions", page([entry(KEY, "v1"), entry(KEY, "v2", latest=False)], []))
    aws.expect("s3", "delete_object", {}, {"Bucket": "landing", "Key": KEY})
    aws.expect("s3", "delete_object", {}, {"Bucket": "landing", "Key": KEY, "VersionId": "v1"})
    assert forget.run(deployed_operations(aws), email=EMAIL, yes=True) == forget.SOMETHING_IS_LEFT
    shown = capsys.readouterr().out
    assert "Erased: 2 rows of orders and 1 mentions, 3 rejected rows, 0 reasons of files; 1 originals." in shown
    assert f'Left: "{KEY}"  version v2' in shown
    assert "is not loaded yet" in shown
    assert EMAIL not in shown
    assert "logs after at most 7. " in shown, "the log bucket keeps longest"


def test_an_original_that_can_not_be_searched_is_named_and_kept(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    function_answers(aws, NOTHING | {"keys": 1})
    key = 'incoming/\x1b[31m"ada@example.com".csv'
    cold = entry(KEY, "cold") | {"StorageClass": "DEEP_ARCHIVE"}
    aws.expect("s3", "list_object_versions", page([entry(key, "named"), cold, entry(KEY, "gz")], []))
    aws.refuse("s3", "get_object", "InvalidObjectState")
    aws.expect("s3", "get_object", body(b"\x1f\x8b broken"))
    aws.expect("s3", "put_object", {})
    function_answers(aws, NOTHING | {"keys": 1})
    aws.expect("s3", "put_object", {})
    function_answers(aws, {"versions": []})
    assert forget.run(deployed_operations(aws), email=EMAIL, yes=True) == forget.SOMETHING_IS_LEFT
    shown = capsys.readouterr().out
    assert f'Not searched: "{KEY}"  version cold' in shown
    assert "no valid gzip file" in shown
    assert "The ledger keeps the names of 1 files" in shown
    assert "\x1b" not in shown
    assert EMAIL not in shown


def test_a_file_that_came_since_the_search_stays_the_current_one(aws: Stubs) -> None:
    """The search of a large bucket, and the answer of the person, may take hours."""
    function_answers(aws, NOTHING)
    bucket_has(aws, v1=b"1,ada@example.com\n")
    aws.expect("s3", "put_object", {})
    function_answers(aws, NOTHING)
    aws.expect("s3", "put_object", {})
    function_answers(aws, {"versions": [[KEY, "v1"]]})
    aws.expect("s3", "list_object_versions", page([entry(KEY, "new"), entry(KEY, "v1", latest=False)], []))
    aws.expect("s3", "delete_object", {}, {"Bucket": "landing", "Key": KEY, "VersionId": "v1"})
    assert forget.run(deployed_operations(aws), email=EMAIL, yes=True) == 0


def test_a_version_that_was_restored_from_an_archive_is_searched(
    aws: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    """S3 goes on listing it with the class of the archive."""
    function_answers(aws, NOTHING)
    restored = entry(KEY, "v1") | {"StorageClass": "DEEP_ARCHIVE"}
    aws.expect("s3", "list_object_versions", page([restored], []))
    aws.expect("s3", "get_object", body(b"1,ada@example.com\n"))
    assert forget.run(deployed_operations(aws), email=EMAIL, yes=False) == 1
    assert "1 of 1 originals have the address" in capsys.readouterr().out


def test_a_key_that_the_database_can_not_hold_does_not_end_the_erasure(aws: Stubs) -> None:
    """No file with NUL in its key is ever loaded, so it need not wait for that."""
    key = "incoming/orders/\0ada@example.com"
    function_answers(aws, NOTHING)
    aws.expect("s3", "list_object_versions", page([entry(key, "v1")], []))
    aws.expect("s3", "put_object", {})
    function_answers(aws, NOTHING)
    aws.expect("s3", "put_object", {})
    asked = {"FunctionName": "erasure", "Payload": b'{"action": "finished_versions", "versions": []}'}
    aws.expect("lambda", "invoke", {"Payload": body(b'{"versions": []}')["Body"]}, asked)
    aws.expect("s3", "list_object_versions", page([entry(key, "v1")], []))
    aws.expect("s3", "delete_object", {}, {"Bucket": "landing", "Key": key})
    aws.expect("s3", "delete_object", {}, {"Bucket": "landing", "Key": key, "VersionId": "v1"})
    assert forget.run(deployed_operations(aws), email=EMAIL, yes=True) == 0


@pytest.mark.parametrize(
    "email",
    ["ada", "@", "ada@", "a b@c.de", "ada@example.com\n", "a@x.de,b@x.de", "a@x\x1b.de", "x" * 65 + "@y.de"],
)
def test_what_is_no_address_is_refused_before_anything_is_asked(aws: Stubs, email: str) -> None:
    with pytest.raises(CommandError, match="EMAIL must be one e-mail address"):
        forget.run(deployed_operations(aws), email=email, yes=True)


@pytest.mark.parametrize("email", ["'--DROP/**/TABLE@x.de", "$HOME`id`@x.de", "%s@x.de", "{}@x.de"])
def test_an_address_with_signs_of_programs_is_data(aws: Stubs, email: str) -> None:
    function_answers(aws, NOTHING)
    bucket_has(aws, v1=b"1,eve@example.com\n")
    assert forget.run(deployed_operations(aws), email=email, yes=False) == 1


def test_after_a_restore_everybody_is_erased_again(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    hashed = address_hash(EMAIL).hex()
    aws.expect("s3", "list_object_versions", page([entry(f"erasures/{hashed}", "1")], []))
    aws.expect("s3", "get_object", body(json.dumps({"until": NOTHING["until"]}).encode()))
    function_answers(aws, SOMETHING)
    assert forget.again(deployed_operations(aws), yes=True) == 0
    assert "2 rows of orders" in capsys.readouterr().out


def test_an_error_of_the_function_is_one_line(aws: Stubs) -> None:
    function_answers(aws, {"error": "the database request failed: lock timeout"})
    with pytest.raises(CommandError, match="can't answer: the database request failed: lock timeout"):
        forget.run(deployed_operations(aws), email=EMAIL, yes=True)
