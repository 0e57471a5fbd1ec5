"""The files of one fault test in the pipeline, and the tables that result from a run without faults."""

from __future__ import annotations

import json
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bench.rows import lines
from config.datasets import datasets
from local_cloud.cloud import LocalCloud
from local_cloud.faults import Faults
from ops.ingestion import redrive
from ops.ingestion.deployed import find
from tests.support.faults.sessions import Sessions
from tests.support.faults.tables import Rows
from tests.support.ops.local import deployed_environment
from tests.support.orders import EventTap, eventually

# The back-off returns a failed message after 1, 2, 4, ... seconds. The queue alone would return it after six timeouts,
# which are six minutes here: a file that is loaded within this time was retried because of the back-off.
SOON_SECONDS = 60.0
LARGE = 100_000  # rows: more than all buffers between the function and the database hold, and two batches

_COUNTS = tuple(f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed"))


@dataclass(frozen=True, kw_only=True)
class Landed:
    """A version in the landing bucket, and the message that EventBridge sent about it."""

    key: str
    version_id: str
    event: str


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One test's own keys and order ids, so that it changes no rows of other tests."""

    cloud: LocalCloud
    tap: EventTap
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    began: float = field(default_factory=time.time)
    landed: list[Landed] = field(default_factory=list)

    @property
    def faults(self) -> Faults:
        """The faults that can be caused."""
        return self.cloud.faults

    @property
    def sessions(self) -> Sessions:
        """The function's sessions in the database."""
        return Sessions(self.cloud)

    @property
    def sqs(self) -> Any:
        """A client of SQS."""
        return self.tap.sqs

    @property
    def folder(self) -> str:
        """The prefix of this trial's order files."""
        return self._folder("orders")

    def _folder(self, dataset: str) -> str:
        return f"{self.cloud.outputs().incoming_prefix}{dataset}/faults/{self.name}/"

    # Files and messages

    def order_id(self, number: int) -> str:
        """The id of the order with that number in the file."""
        return f"{self.name}-{number:08d}"

    def content(self, *, rows: int, seed: int = 1, backwards: bool = False) -> bytes:
        """Orders 1 to `rows`, and one that is rejected. Another seed gives the same orders other values."""
        header, *good = (
            line.replace("OR-", f"{self.name}-", 1) for line in lines(datasets()["orders"], rows, seed=seed)
        )
        bad = f"{self.order_id(0)},no address,SKU-{seed},2,19.99,EUR,2026-05-04T10:00:00+02:00,\n"
        return "".join([header, *(reversed(good) if backwards else good), bad]).encode()

    def land(self, content: bytes, *, key: str = "orders.csv") -> Landed:
        """Uploads a file as partners do, and waits for its event."""
        return self._land(content, self.folder + key)

    def land_other_datasets(self, *, rows: int = 100) -> None:
        """Uploads a file of each other dataset, with keys of this trial's own and one row that is rejected."""
        first = int(self.name[:6], 16) * 1000
        for name, dataset in datasets().items():
            if name != "orders":
                good = "".join(lines(dataset, rows, first=first))
                self._land(f"{good}?\n".encode(), f"{self._folder(name)}{name}.csv")

    def _land(self, content: bytes, key: str) -> Landed:
        bucket = self.cloud.outputs().landing_bucket
        put = self.cloud.session().client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        self.landed.append(Landed(key=key, version_id=put["VersionId"], event=self.tap.event(put["VersionId"])))
        return self.landed[-1]

    def send(self, *messages: str) -> None:
        """Sends messages to the pipeline's queue."""
        for message in messages:
            self.sqs.send_message(QueueUrl=self.queue, MessageBody=message)

    @property
    def queue(self) -> str:
        """The URL of the function's queue."""
        return self.cloud.outputs().queue_url

    @property
    def dead_letters(self) -> str:
        """The URL of the dead-letter queue."""
        return self.cloud.outputs().dead_letter_queue_url

    def take(self, queue: str) -> list[str]:
        """Receives and deletes all visible messages of a queue."""
        taken: list[str] = []
        while found := self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                taken.append(message["Body"])
        return taken

    def empty_queues(self) -> None:
        """Deletes all messages, also those in flight."""
        for queue in (self.queue, self.dead_letters):
            self.sqs.purge_queue(QueueUrl=queue)

    def count(self, queue: str) -> int:
        """The number of messages in a queue, those in flight included."""
        counts = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=list(_COUNTS))["Attributes"]
        return sum(int(counts[each]) for each in _COUNTS)

    def redrive(self) -> None:
        """Redrives the dead letters, as `make redrive` does."""
        assert redrive.run(find(deployed_environment(self.cloud)), poll_seconds=0.2) == 0

    # What the function does

    def rest(self, *, seconds: float = SOON_SECONDS) -> None:
        """Waits until the queue has no messages, also none in flight."""
        eventually(lambda: self.count(self.queue) == 0, "the pipeline at rest", seconds=seconds)

    def failures(self, landed: Landed) -> list[str]:
        """The function's log messages about failed attempts to load a file."""
        logs, function = self.cloud.session().client("logs"), self.cloud.session().client("lambda")
        configuration = function.get_function_configuration(FunctionName=self.cloud.outputs().function_name)
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=configuration["LoggingConfig"]["LogGroup"], startTime=int(self.began * 1000)
        )
        found = []
        for event in (event for page in pages for event in page["events"]):
            with suppress(ValueError):  # lines of Lambda itself aren't JSON
                line = json.loads(event["message"])
                if line.get("correlation_id") == landed.version_id and line["message"].startswith("failed"):
                    found.append(line["message"])
        return found

    def wait_for_failure(self, landed: Landed) -> None:
        """Waits until the function has logged a failed attempt to load the file. A killed function logs nothing."""
        eventually(lambda: self.failures(landed), "a failed attempt")

    # The outcome

    def tables(self) -> dict[str, tuple[int, str]]:
        """The number of this trial's rows in each table, and a hash of them."""
        return self._rows.fingerprints(self.cloud.outputs().database_url)

    def undisturbed(self) -> dict[str, tuple[int, str]]:
        """The tables after the same events without faults, each sent once and processed before the next."""
        self.forget()
        for each in self.landed:
            self.send(each.event)
            self.rest()
        tables = self.tables()
        assert tables["files"][0] == len(self.landed), "the run without faults left files out"
        return tables

    def forget(self) -> None:
        """Deletes this trial's rows."""
        self._rows.delete(self.cloud.outputs().database_url)

    def delete_files(self) -> None:
        """Deletes this trial's files from the bucket, because a comparison with the ledger would report them."""
        s3, bucket = self.cloud.session().client("s3"), self.cloud.outputs().landing_bucket
        for each in self.landed:
            s3.delete_object(Bucket=bucket, Key=each.key, VersionId=each.version_id)

    @property
    def _rows(self) -> Rows:
        return Rows(folder=f"/faults/{self.name}/")
