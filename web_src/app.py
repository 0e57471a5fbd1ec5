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

from . import api, chart, errors, pages, rendering
from .authentication import RequireSignIn, TokenVerifier, fetch_key
from .cache import RefreshAheadCache
from .overview import OverviewReader
from .security import CrossOriginProtection, SecurityHeaders, content_security_policy
from .services import AppServices
from .settings import Settings
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

    If the settings require sign-in, every request for data needs a token from the load balancer; `fetch` gets the
    public keys to verify it with.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await pool.open(wait=False)
        try:
            yield
        finally:
            await pool.close()

    app = FastAPI(
        title="Order files",
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,  # FastAPI's documentation pages would load scripts from another site
        redoc_url=None,
        redirect_slashes=False,  # such a redirect would use the host and scheme that the request claims
    )
    reader = OverviewReader(pool)

    async def overview() -> Markup:
        found = await reader.read()
        return rendering.fragment("overview_content.html", overview=found, chart=chart.bar_chart(found.days))

    app.state.services = AppServices(
        settings=settings,
        pool=pool,
        upload_signer=upload_signer,
        overview=RefreshAheadCache(overview, max_age_seconds=OVERVIEW_MAX_AGE_SECONDS),
    )
    rendering.templates.globals["landing_url"] = f"s3://{settings.landing_bucket}/{settings.incoming_prefix}"
    errors.add_handlers(app)
    app.include_router(pages.router)
    app.include_router(api.router)
    app.mount("/static", StaticFiles(directory=rendering.STATIC))
    protected: ASGIApp = CrossOriginProtection(app)
    logout_origin = None
    if settings.sign_in is not None:
        protected = RequireSignIn(protected, TokenVerifier(settings.sign_in, fetch))
        logout_origin = f"https://{urlsplit(settings.sign_in.logout_url).netloc}"
    policy = content_security_policy(upload_origin=upload_signer.origin, logout_origin=logout_origin)
    return SecurityHeaders(protected, policy=policy)
