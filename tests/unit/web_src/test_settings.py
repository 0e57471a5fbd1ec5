"""Settings come from environment variables; errors name the variable."""

from __future__ import annotations

import pytest

from common.settings import SettingsError
from tests.support.web.fakes import ENVIRONMENT, SIGN_IN
from web_src.settings import Settings


def test_settings_come_from_the_environment_with_defaults() -> None:
    settings = Settings.from_env(ENVIRONMENT)
    assert (settings.host, settings.port) == ("0.0.0.0", 8080)  # noqa: S104 - compared only
    assert settings.database.ca_bundle == "certificates/database-ca.pem"
    assert settings.max_file_bytes == 256 * 1024 * 1024
    assert settings.upload_endpoint_url is None
    assert settings.sign_in is None


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_each_missing_variable_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({key: value for key, value in ENVIRONMENT.items() if key != name})


@pytest.mark.parametrize("name", ["PORT", "DATABASE_PORT"])
@pytest.mark.parametrize("port", ["0", "70000", "five"])
def test_an_invalid_port_is_refused_with_its_value(name: str, port: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} must be .*{port}"):
        Settings.from_env(ENVIRONMENT | {name: port})


@pytest.mark.parametrize("size", ["0", "5368709121", "1 MB"])
def test_a_maximum_file_size_that_s3_does_not_support_is_refused(size: str) -> None:
    with pytest.raises(
        SettingsError, match=f"MAX_FILE_BYTES must be a whole number from 1 to 5368709120, got '{size}'"
    ):
        Settings.from_env(ENVIRONMENT | {"MAX_FILE_BYTES": size})


@pytest.mark.parametrize("names", ["https://orders.example.com", "a b", "a,,b", "a:80", "*"])
def test_an_allowed_host_that_is_no_host_name_is_refused(names: str) -> None:
    with pytest.raises(SettingsError, match=r"ALLOWED_HOSTS must be host names .*, got "):
        Settings.from_env(ENVIRONMENT | {"ALLOWED_HOSTS": names})


def test_host_names_are_compared_in_lower_case() -> None:
    settings = Settings.from_env(ENVIRONMENT | {"ALLOWED_HOSTS": "internal-Web-1.example.com,localhost"})
    assert settings.allowed_hosts == {"internal-web-1.example.com", "localhost"}


def test_a_prefix_without_a_trailing_slash_is_refused() -> None:
    with pytest.raises(SettingsError, match="INCOMING_PREFIX must end in '/', got 'incoming'"):
        Settings.from_env(ENVIRONMENT | {"INCOMING_PREFIX": "incoming"})


@pytest.mark.parametrize("missing", SIGN_IN)
def test_incomplete_sign_in_settings_are_refused(missing: str) -> None:
    with pytest.raises(SettingsError, match=f"^{missing} must be set"):
        Settings.from_env(ENVIRONMENT | SIGN_IN | {missing: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [("SIGN_IN_LOAD_BALANCER_ARN", "web"), ("SIGN_IN_LOGOUT_URL", "http://app.example/logout")],
)
def test_invalid_sign_in_settings_are_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} must be .*'{value}'"):
        Settings.from_env(ENVIRONMENT | SIGN_IN | {name: value})
