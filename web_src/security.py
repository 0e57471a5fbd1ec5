"""Security headers on every response, and protection against other host names and cross-site requests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import audit, errors
from .authentication import HEALTH_PATHS

# Browsers open the app at these names through `make tunnel` and on the local cloud. They always mean the user's own
# machine, so no other site can take them over.
_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_.-]+?)\.?(?::\d*)?")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_CACHE_FOREVER = "public, max-age=31536000, immutable"  # static files, whose addresses contain a hash of their content
_STRICT_TRANSPORT_SECURITY = "max-age=31536000"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def content_security_policy(*, upload_origin: str, logout_origin: str | None) -> str:
    """Lets pages load the app's own files, send requests to the app, upload to the bucket, and redirect to sign-out."""
    rules = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "connect-src": ["'self'", upload_origin],
        "base-uri": ["'none'"],
        # Browsers also apply this rule to the address that a form's response redirects to.
        "form-action": ["'self'", *([logout_origin] if logout_origin else [])],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


class SecurityHeaders:
    """Adds the headers to every response, including errors. Browsers don't store pages or data."""

    def __init__(self, app: ASGIApp, *, policy: str) -> None:
        self._app = app
        self._common = _raw({"Content-Security-Policy": policy, **_HEADERS})
        self._no_store = _raw({"Cache-Control": "no-store"})
        self._cache_forever = _raw({"Cache-Control": _CACHE_FOREVER})
        self._https_only = _raw({"Strict-Transport-Security": _STRICT_TRANSPORT_SECURITY})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        over_https = Headers(scope=scope).get("x-forwarded-proto") == "https"
        # Only addresses with a content hash can be cached forever.
        versioned = scope["path"].startswith("/static/") and scope["query_string"].startswith(b"v=")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                caching = self._cache_forever if versioned and message["status"] < 400 else self._no_store
                message["headers"] = [*message["headers"], *self._common, *caching]
                if over_https:
                    message["headers"] += self._https_only
            await send(message)

        await self._app(scope, receive, with_headers)


class AllowedHosts:
    """Refuses requests for other host names, so that no other site can read pages by pointing its own name here.

    This attack is DNS rebinding: the browser takes the answer for one of the other site. Health checks are let through,
    because the load balancer sends them with an instance's address as host; they show no data.

    Not Starlette's TrustedHostMiddleware: it has no exception for paths, does not log what it refuses, and reads only
    the first of several Host headers.
    """

    def __init__(self, app: ASGIApp, names: AbstractSet[str]) -> None:
        self._app = app
        self._names = _OWN_MACHINE | names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and scope["path"] not in HEALTH_PATHS:
            given = Headers(scope=scope).getlist("host")
            host = _HOST.fullmatch(given[0].lower()) if len(given) == 1 else None
            if host is None or host["name"] not in self._names:
                audit.refused("host", host=", ".join(given))
                await errors.bare_response(Request(scope), 421)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class CrossOriginProtection:
    """Blocks state-changing requests that another site makes a browser send.

    Browsers name the origin of a request in Sec-Fetch-Site. Other clients don't send that header, and are let through.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        changes_state = scope["type"] == "http" and scope["method"] not in _SAFE_METHODS
        if changes_state and Headers(scope=scope).get("sec-fetch-site", "none") not in ("same-origin", "none"):
            await errors.error_response(Request(scope), 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _raw(headers: dict[str, str]) -> Sequence[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
