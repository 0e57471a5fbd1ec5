"""What the ingestion function needs to know, read from the environment once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_CA_BUNDLE = "certificates/database-ca.pem"
HIGHEST_PORT = 65_535
LONGEST_RETRY_SECONDS = 900
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsError(ValueError):
    """An environment variable is missing or holds what it can't."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where files come from, where rows go, what a file may be, and when one that failed is tried again."""

    database_host: str
    database_port: int
    database_name: str
    database_user: str
    ca_bundle: str
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

        def required(name: str) -> str:
            value = environment.get(name, "").strip()
            if not value:
                raise SettingsError(f"the environment variable {name} must be set, and is not")
            return value

        def whole_number(name: str, highest: int | None = None) -> int:
            value = required(name)
            allowed = "a whole number from 1" + (f" to {highest}" if highest else "")
            if not (value.isascii() and value.isdigit() and int(value) > 0 and (not highest or int(value) <= highest)):
                raise SettingsError(f"{name} must be {allowed}, got {value!r}")
            return int(value)

        log_level = environment.get("LOG_LEVEL") or "INFO"
        if log_level not in LOG_LEVELS:
            raise SettingsError(f"LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}, got {log_level!r}")
        prefix = required("INCOMING_PREFIX")
        if not prefix.endswith("/"):
            raise SettingsError(f"INCOMING_PREFIX must end in '/', got {prefix!r}")
        return cls(
            database_host=required("DATABASE_HOST"),
            database_port=whole_number("DATABASE_PORT", HIGHEST_PORT),
            database_name=required("DATABASE_NAME"),
            database_user=required("DATABASE_USER"),
            ca_bundle=environment.get("DATABASE_CA_BUNDLE") or DEFAULT_CA_BUNDLE,
            region=required("AWS_REGION"),
            queue_url=required("QUEUE_URL"),
            landing_bucket=required("LANDING_BUCKET"),
            incoming_prefix=prefix,
            max_file_bytes=whole_number("MAX_FILE_BYTES"),
            max_rejected_percent=whole_number("MAX_REJECTED_PERCENT", 100),
            initial_backoff_seconds=whole_number("INITIAL_BACKOFF_SECONDS", LONGEST_RETRY_SECONDS),
            metrics_namespace=required("METRICS_NAMESPACE"),
            log_level=log_level,
        )
