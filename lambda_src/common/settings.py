"""Reads settings from environment variables. Every error names the variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Self, get_type_hints

DEFAULT_CA_BUNDLE = "certificates/database-ca.pem"


class SettingsError(ValueError):
    """An environment variable is missing or has an invalid value."""


class EnvironmentSettings:
    """Base of dataclasses whose fields are read from environment variables.

    The annotation of a field names its variable, `Annotated[str, "QUEUE_URL"]`, and the function that converts its text
    if the type is not str, `Annotated[int, "PORT", tcp_port]`. A function instead of a name reads several variables,
    `Annotated[DatabaseSettings, DatabaseSettings.from_env]`.
    """

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings. A field whose variable is missing or blank gets its default.

        Raises SettingsError that names the variable if there is no default, or if the value is invalid.
        """
        values: dict[str, Any] = {}
        for field, annotation in get_type_hints(cls, include_extras=True).items():
            source, *convert = annotation.__metadata__
            if callable(source):
                values[field] = source(environment)
            elif text := environment.get(source, "").strip():
                try:
                    values[field] = convert[0](text) if convert else text
                except ValueError as error:
                    raise SettingsError(f"{source} {error}, got {text!r}") from None
            elif not hasattr(cls, field):
                raise SettingsError(f"the environment variable {source} is not set")
        return cls(**values)


def whole_number(text: str, *, highest: int | None = None) -> int:
    """A number from 1 to `highest`; raises ValueError that says so for anything else."""
    if not (text.isascii() and text.isdigit() and int(text) > 0 and (not highest or int(text) <= highest)):
        raise ValueError("must be a whole number from 1" + (f" to {highest}" if highest else ""))
    return int(text)


tcp_port = partial(whole_number, highest=65_535)


def key_prefix(text: str) -> str:
    """The beginning of S3 keys, such as "incoming/"; raises ValueError if it doesn't end in a slash."""
    if not text.endswith("/"):
        raise ValueError("must end in '/'")
    return text


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings(EnvironmentSettings):
    """The database's address, the CA certificates that verify it, and the region that IAM tokens are signed for."""

    host: Annotated[str, "DATABASE_HOST"]
    port: Annotated[int, "DATABASE_PORT", tcp_port]
    name: Annotated[str, "DATABASE_NAME"]
    ca_bundle: Annotated[str, "DATABASE_CA_BUNDLE"] = DEFAULT_CA_BUNDLE
    region: Annotated[str, "AWS_REGION"]
