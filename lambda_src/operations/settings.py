"""The settings of the operations function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.settings import DatabaseSettings, Variables


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The database, and the bucket whose files people ask about."""

    database: DatabaseSettings
    database_user: str
    landing_bucket: str

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; raises SettingsError that names the variable."""
        variables = Variables(environment)
        return cls(
            database=DatabaseSettings.read(variables),
            database_user=variables.text("DATABASE_USER"),
            landing_bucket=variables.text("LANDING_BUCKET"),
        )
