"""The Lambda function that processes the queue of the landing bucket's events."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit
from botocore.config import Config

from tabular.declaration import load_datasets

from .database import DatabaseConnection
from .deadline import Deadline
from .event import EventError, parse
from .landed_file import LandedFiles
from .ledger import Outcome
from .loader import Loader
from .messages import process_messages
from .settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from common.context import Context

SERVICE = "ingestion"
# All attempts together take less than the minute after which the database ends an idle transaction.
_TIMEOUTS = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})

# Created while Lambda starts the process, so that the first message does not wait for it.
_settings = Settings.from_env(os.environ)
_log = Logger(service=SERVICE, level=_settings.log_level)
_metrics = Metrics(namespace=_settings.metrics_namespace, service=SERVICE)
_session = botocore.session.get_session()
_sqs = cast("SQSClient", _session.create_client("sqs", region_name=_settings.database.region, config=_TIMEOUTS))
_s3 = cast("S3Client", _session.create_client("s3", region_name=_settings.database.region, config=_TIMEOUTS))
_loader = Loader(
    database=DatabaseConnection(_settings.database, user=_settings.database_user, session=_session),
    files=LandedFiles(_s3),
    datasets=load_datasets(_settings.datasets),
    prefix=_settings.incoming_prefix,
    max_file_bytes=_settings.max_file_bytes,
)


def handler(event: Mapping[str, Any], context: Context) -> dict[str, list[dict[str, str]]]:
    """Load the file of every message, and report the messages that failed."""
    return process_messages(
        event["Records"],
        partial(_process, context),
        sqs=_sqs,
        queue_url=_settings.queue_url,
        initial_backoff_seconds=_settings.initial_backoff_seconds,
    )


def _process(context: Context, body: str, retried: bool) -> None:
    _log.append_keys(correlation_id=None, key=None)
    file = parse(body)
    # Every log entry about this version of the file has these keys.
    _log.append_keys(correlation_id=file.version_id, key=file.key)
    if file.bucket != _settings.landing_bucket:
        raise EventError(f"detail.bucket.name must be {_settings.landing_bucket!r}, got {file.bucket!r}")
    if not file.key.startswith(_settings.incoming_prefix):
        _log.info("ignored: not under %s", _settings.incoming_prefix)
        return
    started = time.perf_counter()
    outcome = _loader.load(file, Deadline(context.get_remaining_time_in_millis() / 1000), retried=retried)
    dataset = _loader.dataset(file.key)
    _record(outcome, dataset.name if dataset else None, time.perf_counter() - started)


def _record(outcome: Outcome, dataset: str | None, seconds: float) -> None:
    """Write the log entry and the metrics of a file: of all files together, and the most important ones of its dataset.

    CloudWatch bills each metric of each dataset (Amazon CloudWatch pricing, "Custom metrics").
    """
    rows = {"rows_loaded": outcome.rows_loaded, "rows_rejected": outcome.rows_rejected}
    about = {"reason": outcome.reason_for_logs, "seconds": round(seconds, 3), "dataset": dataset, **rows}
    _log.info(outcome.status, extra=about)
    _metrics.add_metric("Bytes", MetricUnit.Bytes, outcome.size_bytes or 0)
    _metrics.add_metric("Seconds", MetricUnit.Seconds, seconds)
    _count(outcome)
    if dataset:
        _metrics.add_dimension("dataset", dataset)
        _count(outcome)


def _count(outcome: Outcome) -> None:
    _metrics.add_metric(f"Files{outcome.status.title().replace(' ', '')}", MetricUnit.Count, 1)
    _metrics.add_metric("RowsLoaded", MetricUnit.Count, outcome.rows_loaded)
    _metrics.add_metric("RowsRejected", MetricUnit.Count, outcome.rows_rejected)
    _metrics.flush_metrics()
