"""`respond` always sends CloudFormation a valid response."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from urllib.error import HTTPError

import pytest

from common.cloudformation import respond
from tests.support.cloudformation import MAX_RESPONSE_BYTES, CloudFormation, running


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudFormation]:
    monkeypatch.setattr("time.sleep", lambda _: None)
    with running() as received:
        yield received


def test_a_response_identifies_the_request(cloudformation: CloudFormation) -> None:
    respond(
        cloudformation.request("Create"), succeeded=True, reason="done", resource_id="new", data={"Revision": "0042"}
    )
    assert cloudformation.responses == [
        {
            "Status": "SUCCESS",
            "Reason": "done",
            "PhysicalResourceId": "new",
            "StackId": "arn:" + "s" * 200,
            "RequestId": "r" * 36,
            "LogicalResourceId": "Resource",
            "Data": {"Revision": "0042"},
        }
    ]


def test_a_failure_is_reported_as_failed(cloudformation: CloudFormation) -> None:
    respond(cloudformation.request("Update"), succeeded=False, reason="no such table", resource_id="new")
    (found,) = cloudformation.responses
    assert (found["Status"], found["Reason"], found["Data"]) == ("FAILED", "no such table", {})


def test_an_existing_resource_keeps_its_id(cloudformation: CloudFormation) -> None:
    request = cloudformation.request("Update", PhysicalResourceId="existing")
    respond(request, succeeded=True, reason="done", resource_id="new")
    assert cloudformation.responses[0]["PhysicalResourceId"] == "existing"


@pytest.mark.parametrize("character", ["x", "é", "\N{PARTY POPPER}", '"', "\n"])
def test_a_long_reason_is_shortened_to_the_response_limit(cloudformation: CloudFormation, character: str) -> None:
    reason = "it began well " + character * 10_000
    respond(cloudformation.request("Create"), succeeded=False, reason=reason, resource_id="new")
    assert cloudformation.responses[0]["Reason"].startswith("it began well ")
    assert cloudformation.sizes[0] <= MAX_RESPONSE_BYTES


def test_a_response_is_repeated_after_a_server_error_and_every_connection_is_closed(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[int] = []

    def close(error: HTTPError) -> None:
        closed.append(error.code)
        super(HTTPError, error).close()

    monkeypatch.setattr(HTTPError, "close", close)
    cloudformation.failures = 3
    respond(cloudformation.request("Create"), succeeded=True, reason="done", resource_id="new")
    assert len(cloudformation.responses) == 1
    assert cloudformation.attempts == 4
    assert closed == [503, 503, 503]


def test_a_permanently_rejected_response_is_not_repeated(cloudformation: CloudFormation) -> None:
    cloudformation.failures, cloudformation.failure = 9, 403
    with pytest.raises(HTTPError):
        respond(cloudformation.request("Create"), succeeded=True, reason="done", resource_id="new")
    assert cloudformation.attempts == 1


def test_the_number_of_attempts_is_limited(cloudformation: CloudFormation) -> None:
    cloudformation.failures = 9
    with pytest.raises(HTTPError):
        respond(cloudformation.request("Create"), succeeded=True, reason="done", resource_id="new")
    assert cloudformation.attempts == 5


def test_a_response_has_no_content_type_because_the_signed_url_excludes_that_header(
    cloudformation: CloudFormation,
) -> None:
    respond(cloudformation.request("Create"), succeeded=True, reason="done", resource_id="new")
    assert cloudformation.headers[0].get("Content-Type", "") == ""


@pytest.mark.parametrize(
    ("address", "shown"), [("file:///etc/passwd", "file"), ("ftp://example.com/x", "ftp"), ("", "")]
)
def test_responses_go_only_to_http_urls(cloudformation: CloudFormation, address: str, shown: str) -> None:
    request = cloudformation.request("Create") | {"ResponseURL": address}
    with pytest.raises(ValueError, match=f"^ResponseURL must begin with https:// or http://, got '{shown}'$"):
        respond(request, succeeded=True, reason="done", resource_id="new")


def test_responding_needs_no_package_beyond_the_standard_library() -> None:
    program = "import sys, common.cloudformation; print({name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], cwd="lambda_src", capture_output=True, text=True, check=True)
    assert "'common'" in done.stdout
    assert "psycopg" not in done.stdout
    assert "botocore" not in done.stdout
