"""One scenario for each action that the deployed code itself uses.

Each scenario gives an attempt, which can be repeated. An attempt returns what went wrong, or an empty text if it
succeeds.
"""

from __future__ import annotations

import json
import uuid
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from botocore.config import Config

from common.permissions import LIMIT_SECONDS
from tests.support.orders import drop, event_of, ledger
from tests.support.privileges.calls import default_group
from tests.support.privileges.identities import Deployed

Attempt = Callable[[], str]
Scenario = Callable[[Deployed], AbstractContextManager[Attempt]]


@contextmanager
def reading_a_file(deployed: Deployed) -> Iterator[Attempt]:
    """The function gets the event of a file that EventBridge sent to nobody."""
    events, rule = deployed.client("events"), deployed.named("IngestionObjectEventsFilesorders")
    events.disable_rule(Name=rule)
    try:
        dropped = drop(deployed.cloud)
    finally:
        events.enable_rule(Name=rule)

    def attempt() -> str:
        said = _invoke_ingestion(deployed, event_of(deployed.cloud, dropped), handle="none")
        return "" if ledger(deployed.cloud, dropped) else said

    try:
        yield attempt
    finally:
        if not ledger(deployed.cloud, dropped):  # a reconciliation would report it as missing
            bucket = deployed.cloud.outputs().landing_bucket
            deployed.client("s3").delete_object(Bucket=bucket, Key=dropped.key, VersionId=dropped.version_id)


@contextmanager
def waiting_after_a_failure(deployed: Deployed) -> Iterator[Attempt]:
    """The function fails to process a message, and makes it visible again soon."""
    sqs, queue = deployed.client("sqs"), deployed.cloud.outputs().queue_url
    deployed.cloud.faults.pause_event_source()
    try:
        sqs.send_message(QueueUrl=queue, MessageBody=f"poison {uuid.uuid4()}")
        (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]

        def attempt() -> str:
            said = _invoke_ingestion(deployed, message["Body"], handle=message["ReceiptHandle"])
            assert "invalid message" in said
            return said if "visibility timeout failed" in said else ""

        try:
            yield attempt
        finally:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    finally:
        deployed.cloud.faults.resume_event_source()


@contextmanager
def migrating_the_schema(deployed: Deployed) -> Iterator[Attempt]:
    """CloudFormation requests a schema that already exists."""
    with _custom_resource(deployed, "SchemaMigrationFunction", {}) as attempt:
        yield attempt


@contextmanager
def emptying_the_default_group(deployed: Deployed) -> Iterator[Attempt]:
    """CloudFormation requests to empty a group that is already empty."""
    with _custom_resource(deployed, "DefaultSecurityGroupFunction", {"GroupId": default_group(deployed)}) as attempt:
        yield attempt


# By role and action, with a text that the error contains.
SCENARIOS: Mapping[tuple[str, str], tuple[Scenario, str]] = {
    ("Ingestion", "s3:GetObjectVersion"): (reading_a_file, "s3:GetObjectVersion"),
    ("Ingestion", "sqs:ChangeMessageVisibility"): (waiting_after_a_failure, "sqs:ChangeMessageVisibility"),
    ("SchemaMigration", "secretsmanager:GetSecretValue"): (migrating_the_schema, "secretsmanager:GetSecretValue"),
    ("DefaultSecurityGroup", "ec2:RevokeSecurityGroupIngress"): (
        emptying_the_default_group,
        "ec2:RevokeSecurityGroupIngress",
    ),
    ("DefaultSecurityGroup", "ec2:RevokeSecurityGroupEgress"): (
        emptying_the_default_group,
        "ec2:RevokeSecurityGroupEgress",
    ),
}


def _invoke(deployed: Deployed, function: str, event: Mapping[str, Any]) -> str:
    """Invokes a function, and returns what it logged. Functions of custom resources repeat denied calls for a while."""
    patient = Config(read_timeout=LIMIT_SECONDS + 30, retries={"total_max_attempts": 1})
    answer = deployed.session.client("lambda", config=patient).invoke(
        FunctionName=deployed.named(function), Payload=json.dumps(event), LogType="Tail"
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    return b64decode(answer.get("LogResult", "")).decode()


def _invoke_ingestion(deployed: Deployed, body: str, *, handle: str) -> str:
    """Invokes the ingestion function with one message, as its event source does."""
    attributes = {"ApproximateReceiveCount": "1"}
    record = {"messageId": str(uuid.uuid4()), "receiptHandle": handle, "body": body, "attributes": attributes}
    return _invoke(deployed, "IngestionFunction", {"Records": [record]})


@contextmanager
def _custom_resource(deployed: Deployed, function: str, properties: Mapping[str, str]) -> Iterator[Attempt]:
    """Invokes a custom resource's function as CloudFormation does, and returns its response."""
    answers: list[dict[str, Any]] = []

    class Taker(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:  # http.server's name
            answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Taker) as server:
        Thread(target=server.serve_forever, daemon=True).start()

        def attempt() -> str:
            request = {
                "RequestType": "Update",
                "ResponseURL": f"http://127.0.0.1:{server.server_port}/",
                "StackId": "tests",
                "RequestId": str(uuid.uuid4()),
                "LogicalResourceId": "Run",
                "PhysicalResourceId": "none",
                "ResourceProperties": dict(properties),
            }
            _invoke(deployed, function, request)
            (answer,) = (each for each in answers if each["RequestId"] == request["RequestId"])
            return "" if answer["Status"] == "SUCCESS" else str(answer["Reason"])

        try:
            yield attempt
        finally:
            server.shutdown()
