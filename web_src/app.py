"""Puts the app together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from . import errors, rendering
from .pages import router
from .security import SecurityHeaders
from .settings import Settings


def create_app(settings: Settings, pool: AsyncConnectionPool) -> ASGIApp:
    """The app, which opens `pool` as it starts and closes it as it ends; it starts without a database, too."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await pool.open(wait=False)
        try:
            yield
        finally:
            await pool.close()

    # No pages for the API's documentation: they would fetch scripts from elsewhere.
    app = FastAPI(
        title="Order files", lifespan=lifespan, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None
    )
    app.state.pool = pool
    rendering.configure(landing_place=f"s3://{settings.landing_bucket}/{settings.incoming_prefix}")
    errors.add_handlers(app)
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=rendering.STATIC))
    return SecurityHeaders(app)
