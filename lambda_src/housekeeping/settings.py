"""What the housekeeping needs to know, read from the environment once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_CA_BUNDLE = "certificates/database-ca.pem"
HIGHEST_PORT = 65_535


class SettingsError(ValueError):
    """An environment variable is missing or holds what it can't."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the database is, and how many days rejected rows are kept after their file was finished."""

    database_host: str
    database_port: int
    database_name: str
    database_user: str
    ca_bundle: str
    region: str
    reject_days: int

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

        return cls(
            database_host=required("DATABASE_HOST"),
            database_port=whole_number("DATABASE_PORT", HIGHEST_PORT),
            database_name=required("DATABASE_NAME"),
            database_user=required("DATABASE_USER"),
            ca_bundle=environment.get("DATABASE_CA_BUNDLE") or DEFAULT_CA_BUNDLE,
            region=required("AWS_REGION"),
            reject_days=whole_number("REJECT_DAYS"),
        )
