"""Responses to CloudFormation's requests for custom resources."""

from __future__ import annotations

import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

# CloudFormation accepts responses of up to 4096 bytes; everything but the reason needs at most half of that.
MAX_REASON_BYTES = 2_048
_ATTEMPTS = 5
_TIMEOUT_SECONDS = 10

_log = logging.getLogger(__name__)


def respond(
    event: Mapping[str, Any],
    *,
    succeeded: bool,
    reason: str,
    resource_id: str,
    data: Mapping[str, str] | None = None,
) -> None:
    """Report the result of `event`. An existing resource keeps its id; `resource_id` is that of a new one.

    Raises OSError when every attempt failed, ValueError if the event's ResponseURL is not an HTTP URL.
    """
    response = {
        "Status": "SUCCESS" if succeeded else "FAILED",
        "Reason": _shortened(reason),
        # A changed id would make CloudFormation delete the "old" resource.
        "PhysicalResourceId": event.get("PhysicalResourceId") or resource_id,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": dict(data or {}),
    }
    _put(event["ResponseURL"], json.dumps(response).encode())


def _put(address: str, body: bytes) -> None:
    """PUT with retries: if CloudFormation gets no response, the stack waits for its whole timeout."""
    # CloudFormation's addresses begin with https://, those of the local cloud with http://.
    if not address.startswith(("https://", "http://")):
        raise ValueError(f"ResponseURL must begin with https:// or http://, got {address.partition(':')[0]!r}")
    # The address is signed without a content type, and urllib would add one.
    request = urllib.request.Request(address, data=body, method="PUT", headers={"Content-Type": ""})  # noqa: S310 - see above
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310 - see above
                return
        except OSError as error:
            final = attempt == _ATTEMPTS
            if isinstance(error, urllib.error.HTTPError):
                error.close()  # it holds the connection open
                final = final or error.code < 500
            if final:
                raise
            _log.warning("sending the response to CloudFormation failed, retrying", extra={"error": str(error)})
            time.sleep(attempt)


def _shortened(reason: str) -> str:
    # Measured as it is sent: JSON escapes a non-ASCII character as six bytes or more.
    while len(json.dumps(reason)) > MAX_REASON_BYTES:
        reason = reason[: len(reason) * 9 // 10].rstrip("… ") + "…"
    return reason
