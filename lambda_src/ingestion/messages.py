"""Processes the queue's messages, and makes failed ones visible again after a growing backoff."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from .deadline import OutOfTimeError
from .event import EventError
from .settings import MAX_BACKOFF_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_SERVER_ERROR = 500
_THROTTLING = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown", "TooManyRequests"})

_log = logging.getLogger(__name__)


def process_messages(
    messages: Iterable[Mapping[str, Any]],
    process: Callable[[str, bool], None],
    *,
    sqs: SQSClient,
    queue_url: str,
    initial_backoff_seconds: int,
) -> dict[str, list[dict[str, str]]]:
    """Call `process` with each message's body, and whether it was received before; report to Lambda what failed.

    A failed message becomes visible again after a backoff that doubles each time. After its last receive the queue
    moves it to the dead-letter queue. So do messages that no retry can help, and an alarm reports them.
    """
    failed = []
    for message in messages:
        try:
            process(message["body"], _receive_count(message) > 1)
        except Exception as error:  # whatever went wrong, the message is reported as failed and not lost
            _report(error)
            _back_off(message, sqs, queue_url, initial_backoff_seconds)
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}


def backoff_seconds(receive_count: int, initial: int) -> int:
    """How long a message stays invisible after it was received `receive_count` times and failed each time."""
    return int(min(initial * 2 ** max(receive_count - 1, 0), MAX_BACKOFF_SECONDS))


def is_transient(error: Exception) -> bool:
    """Whether a retry may help: the database or S3 is unavailable or overloaded."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= _SERVER_ERROR or error.response["Error"]["Code"] in _THROTTLING
    if isinstance(error, psycopg.errors.ProgramLimitExceeded):  # such as a key that is too long for an index
        return False
    # A connection becomes read-only when its server has just become the standby.
    return isinstance(
        error,
        psycopg.OperationalError
        | psycopg.InterfaceError
        | psycopg.errors.ReadOnlySqlTransaction
        | BotoCoreError
        | OutOfTimeError,
    )


def _report(error: Exception) -> None:
    if isinstance(error, EventError):
        _log.error("invalid message: %s", error)
    elif is_transient(error):
        _log.warning("failed, will be retried: %s", _message(error), extra={"error": type(error).__name__})
    elif isinstance(error, psycopg.Error):
        places = "".join(traceback.format_tb(error.__traceback__))
        _log.error("failed: %s", _message(error), extra={"error": type(error).__name__, "traceback": places})
    else:
        _log.error("failed with an unexpected error", exc_info=error)


def _message(error: Exception) -> str:
    """The error's message without the parts that may quote an order: PostgreSQL's details and invalid values."""
    if isinstance(error, psycopg.DataError):
        return f"PostgreSQL refused a value (SQLSTATE {error.sqlstate})"
    return (error.diag.message_primary if isinstance(error, psycopg.Error) else None) or str(error)


def _receive_count(message: Mapping[str, Any]) -> int:
    return int(message["attributes"]["ApproximateReceiveCount"])


def _back_off(message: Mapping[str, Any], sqs: SQSClient, queue_url: str, initial: int) -> None:
    seconds = backoff_seconds(_receive_count(message), initial)
    try:
        sqs.change_message_visibility(
            QueueUrl=queue_url, ReceiptHandle=message["receiptHandle"], VisibilityTimeout=seconds
        )
    except (BotoCoreError, ClientError) as error:
        # The message still becomes visible again, after the queue's own visibility timeout.
        _log.warning("changing the message's visibility timeout failed: %s", error)
