"""The Lambda function behind the queue of the landing bucket's events."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config

from .database import Database
from .event import EventError, parse
from .intake import Intake
from .landed_file import LandedFiles
from .messages import work_off
from .settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# Together shorter than the minute after which the database ends a transaction that waits idly.
_TIMEOUTS = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})

_log = logging.getLogger(__name__)

# Made while Lambda starts the process, which is not counted against the first message.
_settings = Settings.from_env(os.environ)
_session = botocore.session.get_session()
_sqs = cast("SQSClient", _session.create_client("sqs", region_name=_settings.region, config=_TIMEOUTS))
_s3 = cast("S3Client", _session.create_client("s3", region_name=_settings.region, config=_TIMEOUTS))
_intake = Intake(
    database=Database(_settings, _session), files=LandedFiles(_s3), max_file_bytes=_settings.max_file_bytes
)
logging.getLogger(__package__).setLevel(_settings.log_level)


def handler(event: Mapping[str, Any], _: object) -> dict[str, list[dict[str, str]]]:
    """Take in the file of every message, and report those that failed."""
    return work_off(event["Records"], _take_in, sqs=_sqs, queue_url=_settings.queue_url)


def _take_in(body: str) -> None:
    file = parse(body)
    if file.bucket != _settings.landing_bucket:
        raise EventError(f"the event is of the bucket {file.bucket!r}, not of {_settings.landing_bucket!r}")
    known_as = {"key": file.key, "version_id": file.version_id}
    if file.key.endswith("/") or not file.key.startswith(_settings.incoming_prefix):
        _log.info("ignored: no file below %s", _settings.incoming_prefix, extra=known_as)
        return
    outcome = _intake.take_in(file)
    _log.info(
        "%s",
        outcome.status,
        extra=known_as
        | {"reason": outcome.reason, "rows_loaded": outcome.rows_loaded, "rows_rejected": outcome.rows_rejected},
    )
