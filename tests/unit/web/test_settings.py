"""The environment is read once, and what is wrong with it is said by name."""

from __future__ import annotations

import pytest

from web_src.settings import Settings, SettingsError

ENVIRONMENT = {
    "DATABASE_HOST": "db.example",
    "DATABASE_PORT": "15432",
    "DATABASE_NAME": "shop",
    "DATABASE_USER": "web",
    "AWS_REGION": "eu-central-1",
    "LANDING_BUCKET": "landing",
    "INCOMING_PREFIX": "incoming/",
}


def test_settings_come_from_the_environment_with_their_defaults() -> None:
    settings = Settings.from_env(ENVIRONMENT)
    assert (settings.host, settings.port) == ("0.0.0.0", 8080)  # noqa: S104
    assert settings.ca_bundle == "certificates/database-ca.pem"


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_each_missing_variable_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({key: value for key, value in ENVIRONMENT.items() if key != name})


@pytest.mark.parametrize("name", ["PORT", "DATABASE_PORT"])
@pytest.mark.parametrize("port", ["0", "70000", "five"])
def test_a_bad_port_is_named_with_what_it_is(name: str, port: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} must be .*{port}"):
        Settings.from_env(ENVIRONMENT | {name: port})
