"""The settings of the ingestion function."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

from common.settings import DatabaseSettings, EnvironmentSettings, key_prefix, whole_number

MAX_BACKOFF_SECONDS = 900
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def _log_level(text: str) -> str:
    if text not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}")
    return text


@dataclass(frozen=True, kw_only=True)
class Settings(EnvironmentSettings):
    """Where files come from, where rows go, what a file may be, and when a failed message is retried."""

    database: Annotated[DatabaseSettings, DatabaseSettings.from_env]
    database_user: Annotated[str, "DATABASE_USER"]
    queue_url: Annotated[str, "QUEUE_URL"]
    landing_bucket: Annotated[str, "LANDING_BUCKET"]
    incoming_prefix: Annotated[str, "INCOMING_PREFIX", key_prefix]
    max_file_bytes: Annotated[int, "MAX_FILE_BYTES", whole_number]
    initial_backoff_seconds: Annotated[
        int, "INITIAL_BACKOFF_SECONDS", partial(whole_number, highest=MAX_BACKOFF_SECONDS)
    ]
    metrics_namespace: Annotated[str, "METRICS_NAMESPACE"]
    datasets: Annotated[Path, "DATASETS", Path] = Path("datasets")
    log_level: Annotated[str, "LOG_LEVEL", _log_level] = "INFO"
