"""The Lambda function that a schedule calls once a day."""

from __future__ import annotations

import logging
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import botocore.session

from common.database import connect
from tabular.declaration import load_datasets

from .rejects import delete_old
from .settings import Settings

if TYPE_CHECKING:
    from common.context import Context

# A batch takes at most a minute: the role's statement_timeout.
_RESERVE_SECONDS = 90

_log = logging.getLogger(__name__)
logging.getLogger(__package__).setLevel(logging.INFO)

_settings = Settings.from_env(os.environ)
# The environment's limit holds for every dataset; a dataset may declare a shorter one.
_days_of_datasets = {
    name: min(dataset.rejects_days, _settings.reject_days)
    for name, dataset in load_datasets(_settings.datasets).items()
}
_session = botocore.session.get_session()


def handler(_: object, context: Context) -> dict[str, int]:
    """Delete old rejected rows, and return how many.

    Lambda retries a failed run; an alarm reports that the last retry failed.
    """
    with connect(_settings.database, user=_settings.database_user, session=_session) as connection:
        deletion = delete_old(
            connection,
            days=_settings.reject_days,
            of_dataset=_days_of_datasets,
            time_is_left=lambda: context.get_remaining_time_in_millis() > _RESERVE_SECONDS * 1000,
        )
    level = logging.WARNING if deletion.left else logging.INFO
    _log.log(level, "deleted old rejected rows", extra={"deleted": deletion.deleted, "left": deletion.left})
    return asdict(deletion)
