"""The settings of the schema migration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from common.settings import DatabaseSettings, EnvironmentSettings


@dataclass(frozen=True, kw_only=True)
class Settings(EnvironmentSettings):
    """The database, and the secret that holds its master user's name and password."""

    database: Annotated[DatabaseSettings, DatabaseSettings.from_env]
    secret_arn: Annotated[str, "DATABASE_SECRET_ARN"]
