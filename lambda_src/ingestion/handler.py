"""The Lambda function behind the queue of the landing bucket's events."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

import botocore.session
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit
from botocore.config import Config

from .database import Database
from .deadline import Deadline
from .event import EventError, parse
from .intake import Intake
from .landed_file import LandedFiles
from .ledger import Outcome
from .messages import work_off
from .settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

SERVICE = "ingestion"
# Together shorter than the minute after which the database ends a transaction that waits idly.
_TIMEOUTS = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})

# Made while Lambda starts the process, which is not counted against the first message.
_settings = Settings.from_env(os.environ)
_log = Logger(service=SERVICE, level=_settings.log_level)
_metrics = Metrics(namespace=_settings.metrics_namespace, service=SERVICE)
_session = botocore.session.get_session()
_sqs = cast("SQSClient", _session.create_client("sqs", region_name=_settings.region, config=_TIMEOUTS))
_s3 = cast("S3Client", _session.create_client("s3", region_name=_settings.region, config=_TIMEOUTS))
_intake = Intake(
    database=Database(_settings, _session),
    files=LandedFiles(_s3),
    max_file_bytes=_settings.max_file_bytes,
    max_rejected_percent=_settings.max_rejected_percent,
)


class Context(Protocol):
    """What is used of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the function."""


def handler(event: Mapping[str, Any], context: Context) -> dict[str, list[dict[str, str]]]:
    """Take in the file of every message, and report those that failed."""
    return work_off(
        event["Records"],
        partial(_take_in, context),
        sqs=_sqs,
        queue_url=_settings.queue_url,
        initial_backoff_seconds=_settings.initial_backoff_seconds,
    )


def _take_in(context: Context, body: str) -> None:
    _log.append_keys(correlation_id=None, key=None)
    file = parse(body)
    # All that is ever logged about one version of one file is found by this.
    _log.append_keys(correlation_id=file.version_id, key=file.key)
    if file.bucket != _settings.landing_bucket:
        raise EventError(f"the event is of the bucket {file.bucket!r}, not of {_settings.landing_bucket!r}")
    if file.key.endswith("/") or not file.key.startswith(_settings.incoming_prefix):
        _log.info("ignored: no file below %s", _settings.incoming_prefix)
        return
    started = time.perf_counter()
    outcome = _intake.take_in(file, Deadline(context.get_remaining_time_in_millis() / 1000))
    _account_for(outcome, time.perf_counter() - started)


def _account_for(outcome: Outcome, seconds: float) -> None:
    rows = {"rows_loaded": outcome.rows_loaded, "rows_rejected": outcome.rows_rejected}
    _log.info(outcome.status, extra={"reason": outcome.reason, "seconds": round(seconds, 3), **rows})
    _metrics.add_metric(f"Files{outcome.status.title().replace(' ', '')}", MetricUnit.Count, 1)
    _metrics.add_metric("RowsLoaded", MetricUnit.Count, outcome.rows_loaded)
    _metrics.add_metric("RowsRejected", MetricUnit.Count, outcome.rows_rejected)
    _metrics.add_metric("Bytes", MetricUnit.Bytes, outcome.size_bytes or 0)
    _metrics.add_metric("Seconds", MetricUnit.Seconds, seconds)
    _metrics.flush_metrics()
