"""The custom resource: CloudFormation gets a response whatever happens."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from psycopg.conninfo import conninfo_to_dict

from common import permissions
from schema_migration import handler
from schema_migration.migrate import MigrationError
from schema_migration.settings import Settings
from tests.support.clock import Clock
from tests.support.cloudformation import CloudFormation, running
from tests.unit.lambda_src.schema_migration.test_settings import ENVIRONMENT

CREDENTIALS = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
}
PROPERTIES = {"ResourceProperties": {"Datasets": ["customers", "orders"]}}
SECRET = json.dumps({"username": "administrator", "password": "open sesame"})


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class Secrets:
    """Fails with `error`, which ends after `denials` calls if that is set."""

    error: Exception | None = None
    denials: int | None = None

    def get_secret_value(self, **arguments: str) -> dict[str, str]:
        assert arguments == {"SecretId": "arn:secret"}
        if self.error and self.denials != 0:
            self.denials = None if self.denials is None else self.denials - 1
            raise self.error
        return {"SecretString": SECRET}


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    with running() as received:
        yield received


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    for name, value in (ENVIRONMENT | CREDENTIALS).items():
        monkeypatch.setenv(name, value)
    secrets = Secrets()
    monkeypatch.setattr(handler, "_secrets", lambda: secrets)
    monkeypatch.setattr(handler, "connect", lambda conninfo, **_: conninfo)
    monkeypatch.setattr(handler, "migrate", lambda *_, **__: "0042")
    return secrets


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(permissions, "time", clock)
    return clock


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_migrated_schema_is_reported_with_its_revision(cloudformation: CloudFormation, kind: str) -> None:
    handler.handler(cloudformation.request(kind, **PROPERTIES), Context())
    (found,) = cloudformation.responses
    assert (found["Status"], found["Data"]) == ("SUCCESS", {"Revision": "0042"})
    assert found["PhysicalResourceId"] == handler.RESOURCE_ID


def test_the_roles_get_their_rights_to_the_datasets_of_the_template(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []

    def migrate(_: object, *, datasets: object, **__: object) -> str:
        given.append(datasets)
        return "0042"

    monkeypatch.setattr(handler, "migrate", migrate)
    handler.handler(cloudformation.request("Update", **PROPERTIES), Context())
    assert given == [["customers", "orders"]]


def test_delete_changes_nothing_and_succeeds(cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "_migrate", lambda *_: pytest.fail("migrated"))
    handler.handler(cloudformation.request("Delete", PhysicalResourceId="schema-migration"), Context())
    assert cloudformation.responses[0]["Status"] == "SUCCESS"


def test_a_failed_migration_fails_the_deployment_with_its_reason(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MigrationError("migration 0002 failed, and the next run repeats it: no such table")

    monkeypatch.setattr(handler, "migrate", fail)
    handler.handler(cloudformation.request("Update", **PROPERTIES), Context())
    (found,) = cloudformation.responses
    assert found["Status"] == "FAILED"
    assert found["Reason"] == "migration 0002 failed, and the next run repeats it: no such table"


def test_a_missing_setting_fails_the_deployment_and_is_named(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_HOST")
    handler.handler(cloudformation.request("Create", **PROPERTIES), Context())
    assert "DATABASE_HOST" in cloudformation.responses[0]["Reason"]


@pytest.mark.parametrize(("code", "seconds"), [("AccessDeniedException", 38), ("ResourceNotFoundException", 0)])
def test_a_secret_that_cannot_be_read_fails_the_deployment_in_time(
    cloudformation: CloudFormation, surroundings: Secrets, clock: Clock, code: str, seconds: int
) -> None:
    """The function has 60 s, and keeps 20 s for its response."""
    surroundings.error = ClientError({"Error": {"Code": code, "Message": "no"}}, "GetSecretValue")
    handler.handler(cloudformation.request("Create", **PROPERTIES), Context())
    assert "reading the database's secret failed" in cloudformation.responses[0]["Reason"]
    assert clock.monotonic() == seconds


def test_a_first_deployment_waits_until_iam_knows_the_new_role(
    cloudformation: CloudFormation, surroundings: Secrets, clock: Clock
) -> None:
    surroundings.error = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetSecretValue")
    surroundings.denials = 2
    handler.handler(cloudformation.request("Create", **PROPERTIES), Context())
    assert cloudformation.responses[0]["Status"] == "SUCCESS"
    assert clock.slept == [2, 4]


def test_an_unexpected_error_is_reported_without_showing_any_secret(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(conninfo: str, **_: object) -> None:
        raise RuntimeError(conninfo)

    monkeypatch.setattr(handler, "connect", fail)
    handler.handler(cloudformation.request("Create", **PROPERTIES), Context())
    (found,) = cloudformation.responses
    assert found["Status"] == "FAILED"
    assert "RuntimeError" in found["Reason"]
    assert "sesame" not in json.dumps(found)


def test_the_certificate_of_the_database_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    for conninfo in _candidates(monkeypatch):
        assert "sslmode=verify-full" in conninfo
        assert "sslrootcert=certificates/database-ca.pem" in conninfo


def test_a_token_is_tried_after_the_password_because_rds_refuses_passwords_of_members_of_rds_iam(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    password, token = (conninfo_to_dict(conninfo) for conninfo in _candidates(monkeypatch))
    assert password["password"] == "open sesame"
    assert str(token["password"]).startswith(f"{token['host']}:{token['port']}/?Action=connect&DBUser=administrator&")
    assert password["user"] == token["user"] == "administrator"


def _candidates(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(handler, "connect", lambda candidates, **_: found.extend(candidates))
    handler._migrate(Settings.from_env(ENVIRONMENT), ["orders"], Context())
    assert len(found) == 2
    return found
