"""Reads settings from environment variables. Every error names the variable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DEFAULT_CA_BUNDLE = "certificates/database-ca.pem"
HIGHEST_PORT = 65_535


class SettingsError(ValueError):
    """An environment variable is missing or has an invalid value."""


class Variables:
    """The environment variables of a process. Blank variables count as missing."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str, default: str | None = None) -> str:
        """The value of a variable; raises SettingsError if it is missing and has no default."""
        value = self._environment.get(name, "").strip() or default
        if not value:
            raise SettingsError(f"the environment variable {name} is not set")
        return value

    def whole_number(self, name: str, *, highest: int | None = None, default: int | None = None) -> int:
        """A number from 1 to `highest`; raises SettingsError for anything else."""
        value = self.text(name, None if default is None else str(default))
        allowed = "a whole number from 1" + (f" to {highest}" if highest else "")
        if not (value.isascii() and value.isdigit() and int(value) > 0 and (not highest or int(value) <= highest)):
            raise SettingsError(f"{name} must be {allowed}, got {value!r}")
        return int(value)

    def port(self, name: str, default: int | None = None) -> int:
        """A TCP port; raises SettingsError for anything else."""
        return self.whole_number(name, highest=HIGHEST_PORT, default=default)

    def prefix(self, name: str) -> str:
        """The beginning of S3 keys, such as "incoming/"; raises SettingsError if it doesn't end in a slash."""
        value = self.text(name)
        if not value.endswith("/"):
            raise SettingsError(f"{name} must end in '/', got {value!r}")
        return value

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """One of `choices`; raises SettingsError for anything else."""
        value = self.text(name, default)
        if value not in choices:
            raise SettingsError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
        return value


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """The database's address, the CA certificates that verify it, and the region that IAM tokens are signed for."""

    host: str
    port: int
    name: str
    ca_bundle: str
    region: str

    @classmethod
    def read(cls, variables: Variables) -> DatabaseSettings:
        """Read the settings; raises SettingsError."""
        return cls(
            host=variables.text("DATABASE_HOST"),
            port=variables.port("DATABASE_PORT"),
            name=variables.text("DATABASE_NAME"),
            ca_bundle=variables.text("DATABASE_CA_BUNDLE", DEFAULT_CA_BUNDLE),
            region=variables.text("AWS_REGION"),
        )
