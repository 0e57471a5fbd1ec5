"""The three queues: how much is in them, what is in the dead letters, and how messages are sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from ops.common.errors import OperationsError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_BATCH = 10  # the largest that SQS takes
_PEEKED = 500
_HIDDEN_SECONDS = 30


def arn(sqs: SQSClient, url: str) -> str:
    """The queue's ARN."""
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def counts(sqs: SQSClient, url: str) -> tuple[int, int]:
    """About how many messages wait in the queue, and how many someone has taken and not finished."""
    found = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    return int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])


def send(sqs: SQSClient, url: str, bodies: Iterable[str]) -> int:
    """Send every message, and return how many. Raises OperationsError where some were not taken."""
    sent = 0
    rest = iter(bodies)
    while batch := list(islice(rest, _BATCH)):
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(batch)]
        answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type] # plain dictionaries
        sent += len(answer.get("Successful", []))
        if answer.get("Failed"):
            raise OperationsError(
                f"SQS took {sent} messages and refused one ({answer['Failed'][0].get('Message', 'no reason given')}): "
                "run the command again, what was sent already changes nothing when it is sent twice"
            )
    return sent


def taken(sqs: SQSClient, url: str, *, wait_seconds: int = 5) -> Iterator[list[MessageTypeDef]]:
    """Take messages, a batch at a time, until the queue has none; those that nobody deletes come back later."""
    while True:
        # A wait makes SQS ask all of its servers: without one an answer may be empty and the queue not.
        batch = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=wait_seconds,
        ).get("Messages", [])
        if not batch:
            return
        yield batch


def peeked(sqs: SQSClient, url: str) -> list[str]:
    """The bodies of the queue's messages, of `_PEEKED` at most; all are put back at once."""
    messages: list[MessageTypeDef] = []
    try:
        for batch in taken(sqs, url, wait_seconds=1):
            messages += batch
            if len(messages) >= _PEEKED:
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
