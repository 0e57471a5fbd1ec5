"""The headers that keep browsers from doing what these pages never ask for, and the door for other sites' forms."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import errors

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_LASTING = "public, max-age=31536000, immutable"  # of static files, whose addresses change with their content
_HTTPS_ONLY = "max-age=31536000"
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


def content_security_policy(*, upload_origin: str, logout_origin: str | None) -> str:
    """What a page may do: load our own files, send data to us and files to the bucket, and end in the logout."""
    rules = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "connect-src": ["'self'", upload_origin],
        "base-uri": ["'none'"],
        # A browser holds what a form is redirected to against this, too.
        "form-action": ["'self'", *([logout_origin] if logout_origin else [])],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


class SecurityHeaders:
    """Puts the headers on every answer, errors included; pages and data are not stored by browsers."""

    def __init__(self, app: ASGIApp, *, policy: str) -> None:
        self._app = app
        self._always = _raw({"Content-Security-Policy": policy, **_ALWAYS})
        self._passing, self._lasting = _raw({"Cache-Control": "no-store"}), _raw({"Cache-Control": _LASTING})
        self._https_only = _raw({"Strict-Transport-Security": _HTTPS_ONLY})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        behind_https = Headers(scope=scope).get("x-forwarded-proto") == "https"
        # Only an address that names its content may be kept for ever.
        lasting = scope["path"].startswith("/static/") and scope["query_string"].startswith(b"v=")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = self._lasting if lasting and message["status"] < 400 else self._passing
                message["headers"] = [*message["headers"], *self._always, *kept]
                if behind_https:
                    message["headers"] += self._https_only
            await send(message)

        await self._app(scope, receive, with_headers)


class OwnFormsOnly:
    """Refuses what another site makes a browser send. Browsers say so in Sec-Fetch-Site; other programs say nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] not in _HARMLESS and _from_elsewhere(scope):
            await errors.answer(Request(scope), 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _from_elsewhere(scope: Scope) -> bool:
    return Headers(scope=scope).get("sec-fetch-site", "none") not in ("same-origin", "none")


def _raw(headers: dict[str, str]) -> Sequence[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
