"""Settings are read from the environment, and an error names the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.settings import SettingsError
from ingestion.settings import Settings

ENVIRONMENT = {
    "DATABASE_HOST": "db.example",
    "DATABASE_PORT": "15432",
    "DATABASE_NAME": "orders",
    "DATABASE_USER": "ingestion",
    "AWS_REGION": "eu-central-1",
    "QUEUE_URL": "queue",
    "LANDING_BUCKET": "landing",
    "INCOMING_PREFIX": "incoming/",
    "MAX_FILE_BYTES": "1000",
    "INITIAL_BACKOFF_SECONDS": "30",
    "METRICS_NAMESPACE": "orders-test",
}


def test_settings_come_from_the_environment_with_their_defaults() -> None:
    settings = Settings.from_env(ENVIRONMENT)
    assert (settings.database.port, settings.max_file_bytes) == (15432, 1000)
    assert (settings.database.ca_bundle, settings.log_level) == ("certificates/database-ca.pem", "INFO")
    assert settings.datasets == Path("datasets")


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_each_missing_variable_is_named(name: str) -> None:
    for environment in ({key: value for key, value in ENVIRONMENT.items() if key != name}, ENVIRONMENT | {name: " "}):
        with pytest.raises(SettingsError, match=name):
            Settings.from_env(environment)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_PORT", "0"),
        ("DATABASE_PORT", "65536"),
        ("DATABASE_PORT", "٣"),
        ("MAX_FILE_BYTES", "-1"),
        ("MAX_FILE_BYTES", "1e6"),
        ("INITIAL_BACKOFF_SECONDS", "901"),
        ("INCOMING_PREFIX", "incoming"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_an_invalid_value_is_reported_with_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} must .*{value}"):
        Settings.from_env(ENVIRONMENT | {name: value})


def test_an_unknown_log_level_is_refused_with_the_allowed_levels() -> None:
    with pytest.raises(SettingsError, match=r"^LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR, got 'LOUD'$"):
        Settings.from_env(ENVIRONMENT | {"LOG_LEVEL": "LOUD"})
