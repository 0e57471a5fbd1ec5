"""Puts the app together."""

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
from .identity import SignedIn, Verifier, fetch
from .overview import Overviews
from .security import OwnFormsOnly, SecurityHeaders, content_security_policy
from .services import Services
from .settings import Settings
from .sharing import Shared
from .uploads import Uploads

OVERVIEW_SECONDS = 1.0  # the oldest that the first page may be


def create_app(
    settings: Settings, pool: AsyncConnectionPool, uploads: Uploads, *, fetch_key: Callable[[str], str] = fetch
) -> ASGIApp:
    """The app, which opens `pool` as it starts and closes it as it ends; it starts without a database, too.

    Where the settings ask for sign-in, nobody gets in but those for whom the load balancer vouches, with a key that
    `fetch_key` gets from Amazon.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await pool.open(wait=False)
        try:
            yield
        finally:
            await pool.close()

    # FastAPI's own pages for the API would fetch scripts from elsewhere.
    app = FastAPI(
        title="Order files",
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would send people to whatever host, and by whatever scheme, the request names
    )
    overviews = Overviews(pool)

    async def overview() -> Markup:
        found = await overviews.read()
        return rendering.part("overview_content.html", overview=found, chart=chart.draw(found.days))

    app.state.services = Services(
        settings=settings, pool=pool, uploads=uploads, overview=Shared(overview, seconds=OVERVIEW_SECONDS)
    )
    rendering.configure(landing_place=f"s3://{settings.landing_bucket}/{settings.incoming_prefix}")
    errors.add_handlers(app)
    app.include_router(pages.router)
    app.include_router(api.router)
    app.mount("/static", StaticFiles(directory=rendering.STATIC))
    guarded: ASGIApp = OwnFormsOnly(app)
    logout_origin = None
    if settings.sign_in is not None:
        guarded = SignedIn(guarded, Verifier(settings.sign_in, fetch_key))
        logout_origin = f"https://{urlsplit(settings.sign_in.logout_url).netloc}"
    policy = content_security_policy(upload_origin=uploads.origin, logout_origin=logout_origin)
    return SecurityHeaders(guarded, policy=policy)
