"""What the operations function needs to know, read from the environment once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_CA_BUNDLE = "certificates/database-ca.pem"
HIGHEST_PORT = 65_535


class SettingsError(ValueError):
    """An environment variable is missing or holds what it can't."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the database is, and of which bucket people ask."""

    database_host: str
    database_port: int
    database_name: str
    database_user: str
    ca_bundle: str
    region: str
    landing_bucket: str

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; raises SettingsError that names the variable."""

        def required(name: str) -> str:
            value = environment.get(name, "").strip()
            if not value:
                raise SettingsError(f"the environment variable {name} must be set, and is not")
            return value

        port = required("DATABASE_PORT")
        if not (port.isascii() and port.isdigit() and 0 < int(port) <= HIGHEST_PORT):
            raise SettingsError(f"DATABASE_PORT must be a port from 1 to {HIGHEST_PORT}, got {port!r}")
        return cls(
            database_host=required("DATABASE_HOST"),
            database_port=int(port),
            database_name=required("DATABASE_NAME"),
            database_user=required("DATABASE_USER"),
            ca_bundle=environment.get("DATABASE_CA_BUNDLE") or DEFAULT_CA_BUNDLE,
            region=required("AWS_REGION"),
            landing_bucket=required("LANDING_BUCKET"),
        )
