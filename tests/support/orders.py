"""Order files for tests, and their rows in the database."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row

from local_cloud.cloud import LocalCloud

HEADER = "order_id,customer_email,sku,quantity,unit_price,currency,ordered_at,notes"
LOADED_SECONDS = 60.0

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """A file in the landing bucket with its own key and order ids."""

    key: str
    version_id: str
    order_ids: list[str]


def eventually(find: Callable[[], T | None], what: str, *, seconds: float = LOADED_SECONDS) -> T:
    """The first result of `find` that is true. The error after `seconds` names `what` is missing."""
    deadline = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.2)  # shorter intervals slow down the emulator
    return found


def order_file(order_ids: list[str], *, bad_lines: list[str] | None = None) -> bytes:
    """A CSV file with one valid row for each id, followed by the bad lines."""
    good = [f"{each},buyer@example.com,SKU-1,2,19.99,EUR,2026-05-04T10:00:00+02:00,from a test" for each in order_ids]
    return "\n".join([HEADER, *good, *(bad_lines or []), ""]).encode()


def drop(cloud: LocalCloud, *, rows: int = 3, bad_lines: list[str] | None = None, key: str | None = None) -> Dropped:
    """Uploads a new file as partners do."""
    name = uuid.uuid4().hex[:12]
    order_ids = [f"{name}-{number}" for number in range(rows)]
    outputs = cloud.outputs()
    key = key or f"{outputs.incoming_prefix}orders/tests/{name}.csv"
    put = (
        cloud.session()
        .client("s3")
        .put_object(Bucket=outputs.landing_bucket, Key=key, Body=order_file(order_ids, bad_lines=bad_lines))
    )
    return Dropped(key=key, version_id=put["VersionId"], order_ids=order_ids)


def query(cloud: LocalCloud, statement: str, *values: Any) -> list[dict[str, Any]]:
    """Queries the database as its administrator."""
    with psycopg.connect(cloud.outputs().database_url, row_factory=dict_row) as connection:
        return connection.execute(statement, values).fetchall()


def ledger(cloud: LocalCloud, dropped: Dropped) -> list[dict[str, Any]]:
    """The finished rows of one version in the ledger."""
    return query(
        cloud,
        "SELECT * FROM files WHERE key = %s AND version_id = %s AND finished_at IS NOT NULL",
        dropped.key,
        dropped.version_id,
    )


def wait_for(cloud: LocalCloud, dropped: Dropped, *, seconds: float = LOADED_SECONDS) -> dict[str, Any]:
    """Waits until the function has finished the file, and returns its row in the ledger."""
    deadline = time.monotonic() + seconds
    while not (found := ledger(cloud, dropped)):
        assert time.monotonic() < deadline, f"{dropped.key} was not loaded within {seconds} s"
        time.sleep(0.1)
    return found[0]


def loaded_orders(cloud: LocalCloud, dropped: Dropped) -> list[str]:
    """The ids of the file's orders that are in the database."""
    rows = query(cloud, "SELECT order_id FROM orders WHERE order_id = ANY(%s) ORDER BY order_id", dropped.order_ids)
    return [row["order_id"] for row in rows]


def event_of(cloud: LocalCloud, dropped: Dropped) -> str:
    """A message like the one that EventBridge sends for this file."""
    return json.dumps(
        {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Object Created",
            "source": "aws.s3",
            "account": "111122223333",
            "time": "2026-05-04T08:00:00Z",
            "region": "us-east-1",
            "resources": [f"arn:aws:s3:::{cloud.outputs().landing_bucket}"],
            "detail": {
                "version": "0",
                "bucket": {"name": cloud.outputs().landing_bucket},
                "object": {
                    "key": dropped.key,
                    "size": 1,
                    "etag": "0",
                    "version-id": dropped.version_id,
                    "sequencer": "0A",
                },
                "request-id": "N4N7GDK58NMKJ12R",
                "requester": "111122223333",
                "source-ip-address": "127.0.0.1",
                "reason": "PutObject",
            },
        }
    )


@dataclass(frozen=True, kw_only=True)
class EventTap:
    """A queue of its own that receives every event of S3."""

    sqs: Any
    queue_url: str
    seen: dict[str, str] = field(default_factory=dict)

    def event(self, version_id: str) -> str:
        """The message about a version's creation, exactly as the pipeline's queue received it."""
        return eventually(lambda: self._received(version_id), f"an event of {version_id}")

    def _received(self, version_id: str) -> str | None:
        answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
            found = json.loads(message["Body"])
            if found["detail-type"] == "Object Created":
                self.seen[found["detail"]["object"]["version-id"]] = message["Body"]
        return self.seen.get(version_id)


@contextmanager
def tapped_events(cloud: LocalCloud) -> Iterator[EventTap]:
    """Adds a rule with a queue for the test."""
    name = f"tap-{uuid.uuid4().hex[:8]}"
    sqs, events = cloud.session().client("sqs"), cloud.session().client("events")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    events.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.s3"]}))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    try:
        yield EventTap(sqs=sqs, queue_url=queue)
    finally:
        events.remove_targets(Rule=name, Ids=["queue"])
        events.delete_rule(Name=name)
        sqs.delete_queue(QueueUrl=queue)
