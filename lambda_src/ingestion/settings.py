"""The settings of the ingestion function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.settings import DatabaseSettings, Variables

MAX_BACKOFF_SECONDS = 900
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where files come from, where rows go, what a file may be, and when a failed message is retried."""

    database: DatabaseSettings
    database_user: str
    region: str
    queue_url: str
    landing_bucket: str
    incoming_prefix: str
    max_file_bytes: int
    max_rejected_percent: int
    initial_backoff_seconds: int
    metrics_namespace: str
    log_level: str

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; raises SettingsError that names the variable."""
        variables = Variables(environment)
        return cls(
            database=DatabaseSettings.read(variables),
            database_user=variables.text("DATABASE_USER"),
            region=variables.text("AWS_REGION"),
            queue_url=variables.text("QUEUE_URL"),
            landing_bucket=variables.text("LANDING_BUCKET"),
            incoming_prefix=variables.prefix("INCOMING_PREFIX"),
            max_file_bytes=variables.whole_number("MAX_FILE_BYTES"),
            max_rejected_percent=variables.whole_number("MAX_REJECTED_PERCENT", highest=100),
            initial_backoff_seconds=variables.whole_number("INITIAL_BACKOFF_SECONDS", highest=MAX_BACKOFF_SECONDS),
            metrics_namespace=variables.text("METRICS_NAMESPACE"),
            log_level=variables.choice("LOG_LEVEL", LOG_LEVELS, "INFO"),
        )
