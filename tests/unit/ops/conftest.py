"""A deployment whose clients are stubbed: each answers what the test expects to be asked, and nothing else."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from ops.common.deployment import Deployment

ARN = "arn:aws:sqs:eu-central-1:111122223333:"
ARCHIVE = "arn:aws:events:eu-central-1:111122223333:archive/shop-archive"
RULE = "arn:aws:events:eu-central-1:111122223333:rule/shop-rule"


AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


@cache
def _clients() -> dict[str, Any]:
    """Made once, which takes longer than all that the tests do with them."""
    session: Any = boto3.session.Session("key", "secret", region_name="eu-central-1")
    return {name: session.client(name) for name in ("s3", "sqs", "events", "lambda")}


class Stubs:
    """The clients of a deployment, by service."""

    def __init__(self) -> None:
        self.clients = _clients()
        self.stubbers = {name: Stubber(client) for name, client in self.clients.items()}

    def deployment(self, **changes: Any) -> Deployment:
        """Found, as `find` would have."""
        found: dict[str, Any] = {
            "name": "dev",
            "place": "dev in eu-central-1",
            "landing_bucket": "landing",
            "incoming_prefix": "incoming/",
            "queue_url": "https://sqs/queue",
            "dead_letter_queue_url": "https://sqs/dead",
            "undelivered_queue_url": "https://sqs/undelivered",
            "operations_function": "operations",
            "rule_arn": RULE,
            "archive_arn": ARCHIVE,
            "s3": self.clients["s3"],
            "sqs": self.clients["sqs"],
            "events": self.clients["events"],
            "functions": self.clients["lambda"],
        }
        return Deployment(**found | changes)

    def expect(self, service: str, method: str, answer: dict[str, Any], asked: dict[str, Any] | None = None) -> None:
        """The next call of that service."""
        self.stubbers[service].add_response(method, answer, asked)

    def function_answers(self, answer: Any, **more: str) -> None:
        """The operations function's next answer."""
        payload = json.dumps(answer).encode()
        body = StreamingBody(io.BytesIO(payload), len(payload))
        self.expect("lambda", "invoke", {"Payload": body, "StatusCode": 200, **more})

    def queue_holds(self, waiting: int, in_work: int = 0) -> None:
        """The next queue that is asked how much is in it."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        attributes = dict(zip(names, (str(waiting), str(in_work)), strict=True))
        self.expect("sqs", "get_queue_attributes", {"Attributes": attributes})


def entry(key: str, version: str, *, latest: bool = True, size: int | None = 5) -> dict[str, Any]:
    found: dict[str, Any] = {"Key": key, "VersionId": version, "LastModified": AT, "IsLatest": latest}
    return found | ({} if size is None else {"Size": size, "StorageClass": "STANDARD"})


def page(versions: list[Any], markers: list[Any], *, more: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"IsTruncated": more, "Versions": versions, "DeleteMarkers": markers}
    return found | ({"NextKeyMarker": "incoming/c", "NextVersionIdMarker": "3"} if more else {})


@pytest.fixture
def aws() -> Iterator[Stubs]:
    """Fails where a call that was expected did not come."""
    stubs = Stubs()
    with ExitStack() as active:
        for stubber in stubs.stubbers.values():
            active.enter_context(stubber)
        yield stubs
        for stubber in stubs.stubbers.values():
            stubber.assert_no_pending_responses()
