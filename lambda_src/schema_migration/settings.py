"""The settings of the schema migration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.settings import DatabaseSettings, Variables


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The database, and the secret that holds its master user's name and password."""

    database: DatabaseSettings
    secret_arn: str

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; raises SettingsError that names the variable."""
        variables = Variables(environment)
        return cls(database=DatabaseSettings.read(variables), secret_arn=variables.text("DATABASE_SECRET_ARN"))
