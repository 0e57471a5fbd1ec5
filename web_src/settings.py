"""What the web app needs to know, read from the environment once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_CA_BUNDLE = "certificates/database-ca.pem"
# The load balancer comes from outside, and the security group admits only it.
DEFAULT_HOST = "0.0.0.0"  # noqa: S104
DEFAULT_PORT = "8080"
HIGHEST_PORT = 65_535


class SettingsError(ValueError):
    """An environment variable is missing or holds what it can't."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the app listens, where its database is, and where files are put."""

    host: str
    port: int
    database_host: str
    database_port: int
    database_name: str
    database_user: str
    ca_bundle: str
    region: str
    landing_bucket: str
    incoming_prefix: str

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; raises SettingsError that names the variable."""

        def required(name: str) -> str:
            value = environment.get(name, "").strip()
            if not value:
                raise SettingsError(f"the environment variable {name} must be set, and is not")
            return value

        def port(name: str, value: str) -> int:
            if not (value.isascii() and value.isdigit() and 0 < int(value) <= HIGHEST_PORT):
                raise SettingsError(f"{name} must be a port from 1 to {HIGHEST_PORT}, got {value!r}")
            return int(value)

        return cls(
            host=environment.get("HOST") or DEFAULT_HOST,
            port=port("PORT", environment.get("PORT") or DEFAULT_PORT),
            database_host=required("DATABASE_HOST"),
            database_port=port("DATABASE_PORT", required("DATABASE_PORT")),
            database_name=required("DATABASE_NAME"),
            database_user=required("DATABASE_USER"),
            ca_bundle=environment.get("DATABASE_CA_BUNDLE") or DEFAULT_CA_BUNDLE,
            region=required("AWS_REGION"),
            landing_bucket=required("LANDING_BUCKET"),
            incoming_prefix=required("INCOMING_PREFIX"),
        )
