"""Answers CloudFormation, which waits for a PUT to the address that it signed for each request."""

from __future__ import annotations

import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

# CloudFormation takes answers up to 4096 bytes; what is not the reason needs at most half of it.
MAX_REASON_BYTES = 2_048
_ATTEMPTS = 5
_TIMEOUT_SECONDS = 10
_log = logging.getLogger(__name__)


def body(event: Mapping[str, Any], *, succeeded: bool, reason: str, resource_id: str, data: Mapping[str, str]) -> bytes:
    """The answer to `event`, its reason shortened to what CloudFormation accepts."""
    answer = {
        "Status": "SUCCESS" if succeeded else "FAILED",
        "Reason": _shortened(reason),
        "PhysicalResourceId": resource_id,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": dict(data),
    }
    return json.dumps(answer).encode()


def send(address: str, answer: bytes) -> None:
    """PUT the answer, a few times if need be: an answer that is lost makes the stack wait for its whole timeout.

    Raises OSError when every attempt failed, ValueError for an address that is no web address.
    """
    if not address.startswith(("https://", "http://")):
        raise ValueError("ResponseURL must be a web address")
    # The address is signed for no content type, and urllib would add one. That it is a web address was checked (S310).
    request = urllib.request.Request(address, data=answer, method="PUT", headers={"Content-Type": ""})  # noqa: S310
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310
                return
        except OSError as error:
            final = attempt == _ATTEMPTS
            if isinstance(error, urllib.error.HTTPError):
                error.close()  # it holds the connection open
                final = final or error.code < 500
            if final:
                raise
            _log.warning("CloudFormation did not take the answer, trying again", extra={"error": str(error)})
            time.sleep(attempt)


def _shortened(reason: str) -> str:
    # Escaped as it will be sent: json writes what is not ASCII in six bytes or more.
    while len(json.dumps(reason)) > MAX_REASON_BYTES:
        reason = reason[: len(reason) * 9 // 10].rstrip("… ") + "…"
    return reason
