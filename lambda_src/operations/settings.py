"""The settings of the operations function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from common.settings import DatabaseSettings, EnvironmentSettings


@dataclass(frozen=True, kw_only=True)
class Settings(EnvironmentSettings):
    """The database, and the bucket whose files people ask about."""

    database: Annotated[DatabaseSettings, DatabaseSettings.from_env]
    database_user: Annotated[str, "DATABASE_USER"]
    landing_bucket: Annotated[str, "LANDING_BUCKET"]
