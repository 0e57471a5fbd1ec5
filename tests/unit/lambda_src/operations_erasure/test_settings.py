"""Settings are read from the environment, and an error names the variable."""

from __future__ import annotations

import pytest

from common.settings import SettingsError
from operations_erasure.settings import Settings

ENVIRONMENT = {
    "DATABASE_HOST": "db.example",
    "DATABASE_PORT": "15432",
    "DATABASE_NAME": "orders",
    "DATABASE_USER": "operations_erasure",
    "AWS_REGION": "eu-central-1",
    "LANDING_BUCKET": "landing",
}


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_each_missing_variable_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({key: value for key, value in ENVIRONMENT.items() if key != name})
