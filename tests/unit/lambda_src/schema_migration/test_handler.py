"""The custom resource: CloudFormation gets its answer, whatever happens."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.error import HTTPError

import pytest
from botocore.exceptions import ClientError
from psycopg.conninfo import conninfo_to_dict

from schema_migration import answer, handler
from schema_migration.migrate import MigrationError
from schema_migration.settings import Settings
from tests.unit.lambda_src.schema_migration.test_settings import ENVIRONMENT

MAX_ANSWER_BYTES = 4096
CREDENTIALS = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
}
SECRET = json.dumps({"username": "administrator", "password": "open sesame"})


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class CloudFormation:
    """Takes answers at a signed address; fails the first `failures` times."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.sizes: list[int] = []
        self.failures = 0
        outer = self

        class Receiver(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.failures:
                    outer.failures -= 1
                    self.send_error(503)
                    return
                outer.sizes.append(len(content))
                outer.answers.append(json.loads(content))
                outer.headers.append(dict(self.headers))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Receiver)
        self.address = f"http://127.0.0.1:{self.server.server_port}/signed?by=cloudformation"

    def request(self, kind: str, **more: str) -> dict[str, Any]:
        names = {"StackId": "arn:" + "s" * 200, "RequestId": "r" * 36, "LogicalResourceId": "Schema"}
        return {"RequestType": kind, "ResponseURL": self.address, **names, **more}


class Secrets:
    error: Exception | None = None

    def get_secret_value(self, **arguments: str) -> dict[str, str]:
        assert arguments == {"SecretId": "arn:secret"}
        if self.error:
            raise self.error
        return {"SecretString": SECRET}


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    received = CloudFormation()
    thread = threading.Thread(target=received.server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    yield received
    received.server.shutdown()
    received.server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    for name, value in (ENVIRONMENT | CREDENTIALS).items():
        monkeypatch.setenv(name, value)
    secrets = Secrets()
    monkeypatch.setattr(handler, "_secrets", lambda: secrets)
    monkeypatch.setattr(handler, "connect", lambda conninfo, **_: conninfo)
    monkeypatch.setattr(handler, "migrate", lambda *_, **__: "0042")
    monkeypatch.setattr("time.sleep", lambda _: None)
    return secrets


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_migrated_schema_is_success_with_its_revision(cloudformation: CloudFormation, kind: str) -> None:
    handler.handler(cloudformation.request(kind), Context())
    (found,) = cloudformation.answers
    assert (found["Status"], found["Data"]) == ("SUCCESS", {"Revision": "0042"})
    assert found["PhysicalResourceId"] == handler.RESOURCE_ID
    assert (found["StackId"], found["RequestId"], found["LogicalResourceId"]) == (
        "arn:" + "s" * 200,
        "r" * 36,
        "Schema",
    )


def test_delete_touches_nothing_and_succeeds(cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "_migrate", lambda *_: pytest.fail("migrated"))
    handler.handler(cloudformation.request("Delete", PhysicalResourceId="schema-migration"), Context())
    assert cloudformation.answers[0]["Status"] == "SUCCESS"


def test_the_resource_keeps_its_id(cloudformation: CloudFormation) -> None:
    handler.handler(cloudformation.request("Update", PhysicalResourceId="as it was"), Context())
    assert cloudformation.answers[0]["PhysicalResourceId"] == "as it was"


def test_a_failed_migration_fails_the_deployment_with_its_reason(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MigrationError("migration 0002 failed and was rolled back: no such table")

    monkeypatch.setattr(handler, "migrate", fail)
    handler.handler(cloudformation.request("Update"), Context())
    (found,) = cloudformation.answers
    assert found["Status"] == "FAILED"
    assert found["Reason"] == "migration 0002 failed and was rolled back: no such table"


def test_a_missing_setting_is_an_answer_too(cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_HOST")
    handler.handler(cloudformation.request("Create"), Context())
    assert "DATABASE_HOST" in cloudformation.answers[0]["Reason"]


def test_a_secret_that_can_not_be_read_is_said(cloudformation: CloudFormation, surroundings: Secrets) -> None:
    surroundings.error = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetSecretValue")
    handler.handler(cloudformation.request("Create"), Context())
    assert "secret can't be read" in cloudformation.answers[0]["Reason"]


def test_an_unexpected_fault_is_answered_without_showing_any_secret(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(conninfo: str, **_: object) -> None:
        raise RuntimeError(conninfo)

    monkeypatch.setattr(handler, "connect", fail)
    handler.handler(cloudformation.request("Create"), Context())
    (found,) = cloudformation.answers
    assert found["Status"] == "FAILED"
    assert "RuntimeError" in found["Reason"]
    assert "sesame" not in json.dumps(found)


@pytest.mark.parametrize("character", ["x", "é", "\N{PARTY POPPER}", '"', "\n"])
def test_a_long_reason_is_cut_to_what_cloudformation_takes(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch, character: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MigrationError("it began well " + character * 10_000)

    monkeypatch.setattr(handler, "migrate", fail)
    handler.handler(cloudformation.request("Create"), Context())
    assert cloudformation.answers[0]["Reason"].startswith("it began well ")
    assert cloudformation.sizes[0] <= MAX_ANSWER_BYTES


def test_an_answer_that_is_not_taken_is_sent_again_and_leaves_no_connection_open(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[int] = []

    def close(error: HTTPError) -> None:
        closed.append(error.code)
        super(HTTPError, error).close()

    monkeypatch.setattr(HTTPError, "close", close)
    cloudformation.failures = 3
    handler.handler(cloudformation.request("Create"), Context())
    assert len(cloudformation.answers) == 1
    assert closed == [503, 503, 503]


def test_the_answer_has_no_content_type_because_the_address_is_signed_without(cloudformation: CloudFormation) -> None:
    handler.handler(cloudformation.request("Create"), Context())
    assert cloudformation.headers[0].get("Content-Type", "") == ""


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://example.com/x", ""])
def test_only_web_addresses_are_answered(address: str) -> None:
    with pytest.raises(ValueError, match="web address"):
        answer.send(address, b"{}")


def test_the_certificate_of_the_database_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    for conninfo in _ways(monkeypatch):
        assert "sslmode=verify-full" in conninfo
        assert "sslrootcert=certificates/database-ca.pem" in conninfo


def test_a_token_comes_after_the_password_which_rds_refuses_to_members_of_rds_iam(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    password, token = (conninfo_to_dict(conninfo) for conninfo in _ways(monkeypatch))
    assert password["password"] == "open sesame"
    assert str(token["password"]).startswith(f"{token['host']}:{token['port']}/?Action=connect&DBUser=administrator&")
    assert password["user"] == token["user"] == "administrator"


def _ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(handler, "connect", lambda ways, **_: found.extend(ways))
    handler._migrate(Settings.from_env(ENVIRONMENT), Context())
    assert len(found) == 2
    return found
