"""The settings of the housekeeping function."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from common.settings import DatabaseSettings, EnvironmentSettings, whole_number


@dataclass(frozen=True, kw_only=True)
class Settings(EnvironmentSettings):
    """`reject_days` is the largest number of days to keep rejected rows after their file was finished."""

    database: Annotated[DatabaseSettings, DatabaseSettings.from_env]
    database_user: Annotated[str, "DATABASE_USER"]
    reject_days: Annotated[int, "REJECT_DAYS", whole_number]
    datasets: Annotated[Path, "DATASETS", Path] = Path("datasets")
