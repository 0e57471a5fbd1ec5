"""Objects that request handlers share: one instance of each object for the whole app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from markupsafe import Markup
from psycopg_pool import AsyncConnectionPool

from .cache import RefreshAheadCache
from .overview import Charts
from .settings import Settings
from .tables import DatasetTable
from .uploads import UploadSigner

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class AppServices:
    """`overview` is the rendered content of the overview page, shared by concurrent requests."""

    settings: Settings
    tables: Mapping[str, DatasetTable]
    pool: AsyncConnectionPool
    upload_signer: UploadSigner
    charts: Charts
    overview: RefreshAheadCache[Markup]

    def max_file_bytes(self, table: DatasetTable) -> int:
        """The largest file that the dataset accepts."""
        most = table.dataset.max_file_mb
        return self.settings.max_file_bytes if most is None else min(most * _MEBIBYTE, self.settings.max_file_bytes)


async def _services(request: Request) -> AppServices:
    services: AppServices = request.app.state.services
    return services


ServicesDep = Annotated[AppServices, Depends(_services)]


async def _table(services: ServicesDep, dataset: str) -> DatasetTable:
    if dataset not in services.tables:
        raise HTTPException(404, f"There is no dataset {dataset}. The datasets are {', '.join(services.tables)}.")
    return services.tables[dataset]


TableDep = Annotated[DatasetTable, Depends(_table)]
