"""Assembles the app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from fastapi import FastAPI
from markupsafe import Markup
from psycopg_pool import AsyncConnectionPool
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from common.settings import SettingsError
from tabular.declaration import load_datasets

from . import api, dataset_api, dataset_pages, errors, pages, rendering
from .authentication import RequireSignIn, TokenVerifier, fetch_key
from .cache import RefreshAheadCache
from .head import HeadAsGet
from .limits import BodyLimit
from .overview import cached_charts, read_overview
from .security import AllowedHosts, CrossOriginProtection, SecurityHeaders, content_security_policy
from .services import AppServices
from .settings import Settings
from .tables import DatasetTable
from .uploads import UploadSigner

OVERVIEW_MAX_AGE_SECONDS = 1.0


def create_app(
    settings: Settings,
    pool: AsyncConnectionPool,
    upload_signer: UploadSigner,
    *,
    fetch: Callable[[str], str] = fetch_key,
) -> ASGIApp:
    """The app. It opens `pool` at startup, without waiting for the database, and closes it at shutdown.

    Raises DeclarationError if a dataset's declaration can't be used, SettingsError if there is none. If the settings
    require sign-in, every request for data needs a token from the load balancer; `fetch` gets the public keys to verify
    it with.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await pool.open(wait=False)
        try:
            yield
        finally:
            await pool.close()

    app = FastAPI(
        title="Data files",
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,  # FastAPI's documentation pages would load scripts from another site
        redoc_url=None,
        redirect_slashes=False,  # such a redirect would use the host and scheme that the request claims
    )
    tables = {name: DatasetTable(dataset) for name, dataset in load_datasets(settings.datasets).items()}
    if not tables:
        raise SettingsError(f"DATASETS must be a folder with declarations of datasets, got {str(settings.datasets)!r}")
    charts = cached_charts(pool, tables)

    async def overview() -> Markup:
        return rendering.fragment("overview_content.html", overview=await read_overview(pool, charts))

    app.state.services = AppServices(
        settings=settings,
        tables=tables,
        pool=pool,
        upload_signer=upload_signer,
        charts=charts,
        overview=RefreshAheadCache(overview, max_age_seconds=OVERVIEW_MAX_AGE_SECONDS),
    )
    rendering.templates.globals["tables"] = tables
    rendering.templates.globals["landing_url"] = f"s3://{settings.landing_bucket}/{settings.incoming_prefix}"
    errors.add_handlers(app)
    app.include_router(pages.router)
    app.include_router(dataset_pages.router)
    app.include_router(api.router)
    app.include_router(dataset_api.router(tables))
    app.mount("/static", StaticFiles(directory=rendering.STATIC))
    protected: ASGIApp = CrossOriginProtection(BodyLimit(app))
    logout_origin = None
    if settings.sign_in is not None:
        protected = RequireSignIn(protected, TokenVerifier(settings.sign_in, fetch))
        logout_origin = f"https://{urlsplit(settings.sign_in.logout_url).netloc}"
    policy = content_security_policy(upload_origin=upload_signer.origin, logout_origin=logout_origin)
    return SecurityHeaders(HeadAsGet(AllowedHosts(protected, settings.allowed_hosts)), policy=policy)
