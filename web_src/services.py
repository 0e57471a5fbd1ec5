"""Objects that request handlers share: one instance of each object for the whole app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from markupsafe import Markup
from psycopg_pool import AsyncConnectionPool

from .cache import RefreshAheadCache
from .settings import Settings
from .uploads import UploadSigner


@dataclass(frozen=True, kw_only=True)
class AppServices:
    """`overview` is the rendered content of the overview page, shared by concurrent requests."""

    settings: Settings
    pool: AsyncConnectionPool
    upload_signer: UploadSigner
    overview: RefreshAheadCache[Markup]


async def _services(request: Request) -> AppServices:
    services: AppServices = request.app.state.services
    return services


ServicesDep = Annotated[AppServices, Depends(_services)]
