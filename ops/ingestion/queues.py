"""Sends, receives and counts the messages of a queue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from ops.common.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

GROUP = "sent-by-command"  # one message group, so that new files pass a large reconciliation
_BATCH = 10  # the SQS maximum
_PEEK_LIMIT = 500
_VISIBILITY_TIMEOUT_SECONDS = 30


def arn(sqs: SQSClient, url: str) -> str:
    """The queue's ARN."""
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def counts(sqs: SQSClient, url: str) -> tuple[int, int]:
    """The approximate numbers of visible messages and of messages in flight."""
    found = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    return int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])


def send(sqs: SQSClient, url: str, bodies: Iterable[str]) -> int:
    """Send every message, and return their number. Raises CommandError if SQS refuses one."""
    sent = 0
    rest = iter(bodies)
    while batch := list(islice(rest, _BATCH)):
        entries = [
            {"Id": str(number), "MessageBody": body, "MessageGroupId": GROUP} for number, body in enumerate(batch)
        ]
        answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type] # plain dictionaries
        sent += len(answer.get("Successful", []))
        if answer.get("Failed"):
            raise CommandError(
                f"SQS accepted {sent} messages and refused one "
                f"({answer['Failed'][0].get('Message', 'no reason given')}): "
                "run the command again; sending a message twice changes nothing"
            )
    return sent


def receive_all(sqs: SQSClient, url: str, *, wait_seconds: int = 5) -> Iterator[list[MessageTypeDef]]:
    """Receive batches until the queue is empty. Messages that the caller doesn't delete become visible again."""
    while True:
        # Long polling asks all servers of SQS; short polling can return nothing although the queue has messages.
        batch = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=_VISIBILITY_TIMEOUT_SECONDS,
            WaitTimeSeconds=wait_seconds,
        ).get("Messages", [])
        if not batch:
            return
        yield batch


def peek(sqs: SQSClient, url: str) -> list[str]:
    """The bodies of at most about `_PEEK_LIMIT` messages, which are visible again afterwards."""
    messages: list[MessageTypeDef] = []
    try:
        for batch in receive_all(sqs, url, wait_seconds=1):
            messages += batch
            if len(messages) >= _PEEK_LIMIT:
                break
    finally:
        for start in range(0, len(messages), _BATCH):
            sqs.change_message_visibility_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
                    for number, message in enumerate(messages[start : start + _BATCH])
                ],
            )
    return [message["Body"] for message in messages]
