"""Waits until the permissions of a new role take effect."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import ClientError

# EC2's code, then those of other services. Secrets Manager uses the last one also if the role may not use its key.
DENIED = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"})
LIMIT_SECONDS = 90.0  # IAM names no limit; changes usually take effect within seconds
_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 8.0

_log = logging.getLogger(__name__)
T = TypeVar("T")


def retry_while_denied(call: Callable[[], T], *, seconds: float = LIMIT_SECONDS) -> T:
    """The result of `call`, which is repeated for up to `seconds` while AWS denies access.

    CloudFormation invokes a function as soon as its role exists, but IAM is eventually consistent (IAM User Guide,
    "Troubleshoot IAM", "Changes that I make are not always immediately visible"). SDKs do not retry denied calls.
    Raises the last ClientError when the time is over, and any other error at once.
    """
    end = time.monotonic() + seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return call()
        except ClientError as error:
            if error.response["Error"]["Code"] not in DENIED or time.monotonic() + pause > end:
                raise
            _log.warning("access is denied, retrying: the role may be new", extra={"error": str(error)})
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
