"""Settings are read from the environment, and an error names the variable."""

from __future__ import annotations

import pytest

from common.settings import SettingsError
from housekeeping.settings import Settings

ENVIRONMENT = {
    "DATABASE_HOST": "db.example",
    "DATABASE_PORT": "15432",
    "DATABASE_NAME": "orders",
    "DATABASE_USER": "housekeeping",
    "AWS_REGION": "eu-central-1",
    "REJECT_DAYS": "90",
}


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_each_missing_variable_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({key: value for key, value in ENVIRONMENT.items() if key != name})


@pytest.mark.parametrize("days", ["0", "-1", "soon"])
def test_a_retention_that_would_remove_everything_is_refused(days: str) -> None:
    with pytest.raises(SettingsError, match=f"REJECT_DAYS must be a whole number from 1, got '{days}'"):
        Settings.from_env(ENVIRONMENT | {"REJECT_DAYS": days})
