"""Works off messages of the queue, and sees to it that what failed comes back soon, but not too soon."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from .deadline import OutOfTimeError
from .event import EventError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONGEST_WAIT_SECONDS = 900
_SERVER_FAULT = 500
_THROTTLED = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown", "TooManyRequests"})

_log = logging.getLogger(__name__)


def work_off(
    messages: Iterable[Mapping[str, Any]],
    work: Callable[[str], None],
    *,
    sqs: SQSClient,
    queue_url: str,
    initial_backoff_seconds: int,
) -> dict[str, list[dict[str, str]]]:
    """Do `work` for the body of each message, and report to Lambda those that failed.

    A message that failed is received again after a wait that doubles each time; the queue moves it to the dead-letter
    queue after its last receive. That also holds for what can never succeed: someone must look at it.
    """
    failed = []
    for message in messages:
        try:
            work(message["body"])
        except Exception as error:  # a message is failed, never lost, whatever went wrong with it
            _report(error)
            _wait(message, sqs, queue_url, initial_backoff_seconds)
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}


def wait_seconds(receives: int, first: int) -> int:
    """How long a message stays away after it failed for the nth time (1 is the first)."""
    return int(min(first * 2 ** max(receives - 1, 0), LONGEST_WAIT_SECONDS))


def passes(error: Exception) -> bool:
    """Whether an error goes away by itself: the database or S3 away or overloaded, rather than a fault of ours."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= _SERVER_FAULT or error.response["Error"]["Code"] in _THROTTLED
    # Read-only is what a connection finds whose server has just become the standby.
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
        _log.error("not understood: %s", error)
    elif passes(error):
        _log.warning("failed, will be tried again: %s", _words(error), extra={"error": type(error).__name__})
    elif isinstance(error, psycopg.Error):
        places = "".join(traceback.format_tb(error.__traceback__))
        _log.error("failed: %s", _words(error), extra={"error": type(error).__name__, "traceback": places})
    else:
        _log.error("failed", exc_info=error)


def _words(error: Exception) -> str:
    """What an error says, without what may quote an order: PostgreSQL's details, its context, and the bad value."""
    if isinstance(error, psycopg.DataError):
        return f"PostgreSQL refused a value (SQLSTATE {error.sqlstate})"
    return (error.diag.message_primary if isinstance(error, psycopg.Error) else None) or str(error)


def _wait(message: Mapping[str, Any], sqs: SQSClient, queue_url: str, first: int) -> None:
    seconds = wait_seconds(int(message["attributes"]["ApproximateReceiveCount"]), first)
    try:
        sqs.change_message_visibility(
            QueueUrl=queue_url, ReceiptHandle=message["receiptHandle"], VisibilityTimeout=seconds
        )
    except (BotoCoreError, ClientError) as error:
        # It comes back all the same, when the queue's own time for it is over.
        _log.warning("the message's wait could not be shortened: %s", error)
