"""The settings of the housekeeping function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.settings import DatabaseSettings, Variables


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The database, and how many days rejected rows are kept after their file was finished."""

    database: DatabaseSettings
    database_user: str
    reject_days: int

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; raises SettingsError that names the variable."""
        variables = Variables(environment)
        return cls(
            database=DatabaseSettings.read(variables),
            database_user=variables.text("DATABASE_USER"),
            reject_days=variables.whole_number("REJECT_DAYS"),
        )
