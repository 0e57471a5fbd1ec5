"""Settings are read from the environment, and an error names the variable, the allowed values and the value."""

from __future__ import annotations

import pytest

from common.settings import DatabaseSettings, SettingsError, Variables

DATABASE = {
    "DATABASE_HOST": "db.example",
    "DATABASE_PORT": "15432",
    "DATABASE_NAME": "orders",
    "AWS_REGION": "eu-west-1",
}


@pytest.mark.parametrize("environment", [{}, {"NAME": ""}, {"NAME": " "}])
def test_a_variable_that_is_missing_or_blank_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"^the environment variable NAME is not set$"):
        Variables(environment).text("NAME")


@pytest.mark.parametrize("environment", [{}, {"NAME": ""}, {"NAME": " "}])
def test_a_default_replaces_a_variable_that_is_missing_or_blank(environment: dict[str, str]) -> None:
    variables = Variables(environment)
    assert variables.text("NAME", "default") == "default"
    assert variables.port("NAME", 8080) == 8080
    assert variables.choice("NAME", ("INFO", "ERROR"), "INFO") == "INFO"


@pytest.mark.parametrize("value", ["0", "-1", "+1", "1e3", "1.0", "٣", "five", "101"])
def test_a_number_that_is_out_of_range_or_no_number_is_refused(value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Variables({"NAME": value}).whole_number("NAME", highest=100)
    assert str(caught.value) == f"NAME must be a whole number from 1 to 100, got '{value}'"


@pytest.mark.parametrize("value", ["1", " 42 ", "100"])
def test_a_whole_number_within_the_range_is_read(value: str) -> None:
    assert Variables({"NAME": value}).whole_number("NAME", highest=100) == int(value)


@pytest.mark.parametrize("port", ["0", "65536", "five"])
def test_a_bad_port_is_refused(port: str) -> None:
    with pytest.raises(SettingsError, match=f"^NAME must be a whole number from 1 to 65535, got '{port}'$"):
        Variables({"NAME": port}).port("NAME")


def test_a_prefix_without_its_slash_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^NAME must end in '/', got 'incoming'$"):
        Variables({"NAME": "incoming"}).prefix("NAME")


def test_a_value_that_is_none_of_the_choices_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^NAME must be one of INFO, ERROR, got 'LOUD'$"):
        Variables({"NAME": "LOUD"}).choice("NAME", ("INFO", "ERROR"), "INFO")


def test_the_database_is_verified_with_the_bundled_certificates_unless_others_are_named() -> None:
    assert DatabaseSettings.read(Variables(DATABASE)).ca_bundle == "certificates/database-ca.pem"
    other = DatabaseSettings.read(Variables(DATABASE | {"DATABASE_CA_BUNDLE": "/etc/other.pem"}))
    assert (other.host, other.port, other.name, other.ca_bundle) == ("db.example", 15432, "orders", "/etc/other.pem")


@pytest.mark.parametrize("name", DATABASE)
def test_each_missing_variable_of_the_database_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        DatabaseSettings.read(Variables({key: value for key, value in DATABASE.items() if key != name}))


@pytest.mark.parametrize("port", ["0", "70000", "five"])
def test_an_invalid_port_of_the_database_is_reported_with_its_variable(port: str) -> None:
    with pytest.raises(SettingsError, match=f"DATABASE_PORT must be .*{port}"):
        DatabaseSettings.read(Variables(DATABASE | {"DATABASE_PORT": port}))
