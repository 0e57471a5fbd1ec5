"""The Lambda function that a schedule calls once a day."""

from __future__ import annotations

import logging
import os
from dataclasses import asdict
from typing import Protocol

import botocore.session

from common.database import connect

from .rejects import remove_old
from .settings import Settings

# A batch takes at most the minute that the database gives the role for a statement.
_RESERVE_SECONDS = 90

_log = logging.getLogger(__name__)
logging.getLogger(__package__).setLevel(logging.INFO)

_settings = Settings.from_env(os.environ)
_session = botocore.session.get_session()


class Context(Protocol):
    """What is used of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the function."""


def handler(_: object, context: Context) -> dict[str, int]:
    """Remove old rejects, and say how many; what fails is tried again by Lambda, and in the end an alarm tells."""
    with connect(_settings.database, user=_settings.database_user, session=_session) as connection:
        removal = remove_old(
            connection,
            days=_settings.reject_days,
            time_is_left=lambda: context.get_remaining_time_in_millis() > _RESERVE_SECONDS * 1000,
        )
    level = logging.WARNING if removal.left else logging.INFO
    _log.log(level, "removed old rejects", extra={"removed": removal.removed, "left_for_the_next_run": removal.left})
    return asdict(removal)
