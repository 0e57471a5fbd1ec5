"""What the pages and the data are made with, once for the whole app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from markupsafe import Markup
from psycopg_pool import AsyncConnectionPool

from .settings import Settings
from .sharing import Shared
from .uploads import Uploads


@dataclass(frozen=True, kw_only=True)
class Services:
    """`overview` is the first page's content, shared by all who look at the same time."""

    settings: Settings
    pool: AsyncConnectionPool
    uploads: Uploads
    overview: Shared[Markup]


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Used = Annotated[Services, Depends(_services)]
