"""A deployed environment whose AWS clients are stubbed: each answers the calls that a test expects, and no others."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.stub import Stubber

from config.environments import DEV
from ops.common.environment import DeployedEnvironment
from ops.ingestion.deployed import DeployedIngestion

ARN = "arn:aws:sqs:eu-central-1:111122223333:"
ARCHIVE = "arn:aws:events:eu-central-1:111122223333:archive/archive"
RULE = "arn:aws:events:eu-central-1:111122223333:rule/rule"
AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


@cache
def _client(service: str) -> Any:
    """Made once for all tests: making a client takes longer than using it."""
    session: Any = boto3.session.Session("key", "secret", region_name="eu-central-1")
    return session.client(service)


class Stubs:
    """Clients by service, in place of a boto3 session."""

    region_name, profile_name = "eu-central-1", "default"

    def __init__(self, active: ExitStack) -> None:
        self._active = active
        self._stubbers: dict[str, Stubber] = {}

    def client(self, service: str, region_name: str = "") -> Any:
        self._stubber(service)
        return _client(service)

    def get_credentials(self) -> object:
        return object()

    def get_partition_for_region(self, region: str) -> str:
        return "aws"

    def expect(self, service: str, method: str, answer: dict[str, Any], asked: dict[str, Any] | None = None) -> None:
        """The next call of that service."""
        self._stubber(service).add_response(method, answer, asked)

    def refuse(self, service: str, method: str, code: str, message: str = "") -> None:
        """The next call of that service fails."""
        self._stubber(service).add_client_error(method, code, message)

    def _stubber(self, service: str) -> Stubber:
        if service not in self._stubbers:
            self._stubbers[service] = self._active.enter_context(Stubber(_client(service)))
        return self._stubbers[service]

    def assert_no_pending_responses(self) -> None:
        for stubber in self._stubbers.values():
            stubber.assert_no_pending_responses()

    def stack_has(self, stack: str, outputs: dict[str, str]) -> None:
        """The next stack that is described."""
        named = [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items()]
        found = {"StackName": stack, "StackStatus": "UPDATE_COMPLETE", "CreationTime": AT, "Outputs": named}
        self.expect("cloudformation", "describe_stacks", {"Stacks": [found]}, {"StackName": stack})

    def queue_holds(self, visible: int, in_flight: int = 0) -> None:
        """The next queue whose messages are counted."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        attributes = dict(zip(names, (str(visible), str(in_flight)), strict=True))
        self.expect("sqs", "get_queue_attributes", {"Attributes": attributes})

    def environment(self, *, is_local: bool = False) -> DeployedEnvironment:
        """Dev, in an account that is stubbed."""
        session: Any = self
        return DeployedEnvironment(
            name="dev", project=DEV.project, is_local=is_local, account="111122223333", session=session
        )

    def ingestion(self, **changes: Any) -> DeployedIngestion:
        """As `ops.ingestion.deployed.find` returns it."""
        found: dict[str, Any] = {
            "environment": self.environment(),
            "landing_bucket": "landing",
            "incoming_prefix": "incoming/",
            "queue_url": "https://sqs/queue",
            "dead_letter_queue_url": "https://sqs/dead",
            "undelivered_queue_url": "https://sqs/undelivered",
            "rule_arns": [RULE],
            "archive_arn": ARCHIVE,
            **{service: self.client(service) for service in ("s3", "sqs", "events")},
        }
        return DeployedIngestion(**found | changes)


def entry(key: str, version: str, *, latest: bool = True, size: int | None = 5) -> dict[str, Any]:
    """A version as S3 lists it; a delete marker where it has no size."""
    found: dict[str, Any] = {"Key": key, "VersionId": version, "LastModified": AT, "IsLatest": latest}
    return found | ({} if size is None else {"Size": size, "StorageClass": "STANDARD"})


def page(versions: list[Any], markers: list[Any], *, more: bool = False) -> dict[str, Any]:
    """A page of such a list."""
    found: dict[str, Any] = {"IsTruncated": more, "Versions": versions, "DeleteMarkers": markers}
    return found | ({"NextKeyMarker": "incoming/c", "NextVersionIdMarker": "3"} if more else {})
