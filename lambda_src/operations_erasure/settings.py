"""The settings of the erasure function."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from common.settings import DatabaseSettings, EnvironmentSettings


@dataclass(frozen=True, kw_only=True)
class Settings(EnvironmentSettings):
    """The database, the bucket whose files the ledger has, and the declarations of the datasets."""

    database: Annotated[DatabaseSettings, DatabaseSettings.from_env]
    database_user: Annotated[str, "DATABASE_USER"]
    landing_bucket: Annotated[str, "LANDING_BUCKET"]
    datasets: Annotated[Path, "DATASETS", Path] = Path("datasets")
