"""Authenticates users by the token that the load balancer adds to each request after sign-in.

Source: Application Load Balancer user guide, "Authenticate users using an Application Load Balancer".
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from . import audit, errors
from .settings import SignInSettings

TOKEN_HEADER = "x-amzn-oidc-data"  # noqa: S105 - the header's name
# The load balancer splits its session over up to four cookies.
SESSION_COOKIES = tuple(f"AWSELBAuthSessionCookie-{number}" for number in range(4))
# Need no sign-in and show no data: health checks, which the load balancer sends, and the style sheet of error pages.
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})
_PUBLIC_PREFIX = "/static/"
_ALGORITHM = "ES256"
_MAX_KEYS = 16
_FETCH_SECONDS = 3.0
_MAX_KEY_BYTES = 10_000
_KEY_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PUBLIC_KEY_URLS = {
    "aws": "https://public-keys.auth.elb.{region}.amazonaws.com/",
    "aws-us-gov": "https://s3-{region}.amazonaws.com/aws-elb-public-keys-prod-{region}/",
}


class User(NamedTuple):
    """Who signed in: `subject` is the user's id in the user pool, `name` is what pages show."""

    subject: str
    name: str


class NotSignedInError(Exception):
    """The request has no valid token. The message says why; it is for the log only."""


class KeysUnavailableError(Exception):
    """AWS's public keys can't be fetched at the moment, so no token can be verified."""


def public_key_url(load_balancer_arn: str) -> str:
    """The address of the public keys of load balancers in this partition and region."""
    _, partition, _, region, *_ = load_balancer_arn.split(":")
    return _PUBLIC_KEY_URLS.get(partition, _PUBLIC_KEY_URLS["aws"]).format(region=region)


def fetch_key(url: str) -> str:
    """Fetch a public key; blocks.

    Raises NotSignedInError if AWS has no such key, KeysUnavailableError if AWS does not answer.
    """
    try:
        with urlopen(url, timeout=_FETCH_SECONDS) as response:  # noqa: S310 - https, at an address made here
            return str(response.read(_MAX_KEY_BYTES).decode("ascii"))
    except HTTPError as error:
        error.close()
        if error.code in (403, 404):  # S3's answers for an object that doesn't exist
            raise NotSignedInError("AWS has no public key with the token's key id") from None
        raise KeysUnavailableError(f"{url} answered {error.code}") from None
    except (URLError, OSError, HTTPException, UnicodeDecodeError) as error:
        raise KeysUnavailableError(f"{url} did not answer: {error}") from error


class TokenVerifier:
    """Verifies the load balancer's tokens. Caches public keys without expiry, since AWS never reuses a key id."""

    def __init__(self, sign_in: SignInSettings, fetch: Callable[[str], str] = fetch_key) -> None:
        self._sign_in = sign_in
        self._url = public_key_url(sign_in.load_balancer_arn)
        self._fetch = fetch
        self._keys: OrderedDict[str, EllipticCurvePublicKey] = OrderedDict()
        self._lock = asyncio.Lock()
        self._failures = 0

    async def verify(self, token: str) -> User:
        """The user; the name is the user's e-mail address, or else the user's id.

        Raises NotSignedInError unless our load balancer made the token for this app and it has not expired,
        KeysUnavailableError if that can't be verified at the moment.
        """
        try:
            # Checked before a key is fetched: a forged token must not make the app send requests.
            self._check_header(jwt.get_unverified_header(token))
            key = await self._key(jwt.get_unverified_header(token)["kid"])
            claims = jwt.decode(token, key, algorithms=[_ALGORITHM], options={"verify_aud": False})
        except jwt.PyJWTError as error:
            raise NotSignedInError(f"the token is invalid: {error}") from None
        subject, email = claims.get("sub"), claims.get("email")
        if not isinstance(subject, str) or not subject:
            raise NotSignedInError("the token has no user id")
        return User(subject=subject, name=email if isinstance(email, str) and email else subject)

    def _check_header(self, header: dict[str, Any]) -> None:
        # The signature covers these fields too, but they are in the header, where no JWT library checks them.
        expected = {
            "alg": _ALGORITHM,
            "signer": self._sign_in.load_balancer_arn,
            "client": self._sign_in.client_id,
            "iss": self._sign_in.issuer,
        }
        for field, value in expected.items():
            if header.get(field) != value:
                raise NotSignedInError(f"the token's {field} is {header.get(field)!r}, expected {value!r}")
        expiry = header.get("exp")
        if not isinstance(expiry, int | float) or expiry <= time.time():
            raise NotSignedInError(f"the token expired at {expiry!r}")
        if not _KEY_ID.fullmatch(str(header.get("kid"))):
            raise NotSignedInError(f"the token's kid {header.get('kid')!r} is not a key id")

    async def _key(self, key_id: str) -> EllipticCurvePublicKey:
        key = self._keys.get(key_id) or await self._fetch_once(key_id)
        self._keys[key_id] = key
        self._keys.move_to_end(key_id)
        if len(self._keys) > _MAX_KEYS:
            self._keys.popitem(last=False)
        return key

    async def _fetch_once(self, key_id: str) -> EllipticCurvePublicKey:
        failures = self._failures
        async with self._lock:  # concurrent requests wait for one fetch
            if key_id in self._keys:
                return self._keys[key_id]
            if self._failures != failures:
                raise KeysUnavailableError("a fetch failed a moment ago")
            try:
                self._keys[key_id] = _public_key(await asyncio.to_thread(self._fetch, self._url + key_id))
            except KeysUnavailableError:
                self._failures += 1
                raise
            return self._keys[key_id]


def _public_key(pem: str) -> EllipticCurvePublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeysUnavailableError(f"the response is not a public key: {error}") from None
    if not isinstance(key, EllipticCurvePublicKey):
        raise KeysUnavailableError("the response is not an elliptic curve key")
    return key


class RequireSignIn:
    """Answers requests without a valid token with an error, and passes the others on with the user in their scope."""

    def __init__(self, app: ASGIApp, verifier: TokenVerifier) -> None:
        self._app = app
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        public = scope["type"] != "http" or scope["path"] in HEALTH_PATHS or scope["path"].startswith(_PUBLIC_PREFIX)
        if not public:
            try:
                scope["user"] = await self._verifier.verify(Headers(scope=scope).get(TOKEN_HEADER, ""))
            except NotSignedInError as error:
                audit.refused("sign-in", reason=str(error), path=scope["path"])
                await errors.error_response(Request(scope), 401)(scope, receive, send)
                return
            except KeysUnavailableError as error:
                errors.log.error("Sign-in can't be verified: %s", error)
                message = "Your sign-in can't be verified right now. Please try again in a few seconds."
                await errors.error_response(Request(scope), 503, message)(scope, receive, send)
                return
        await self._app(scope, receive, send)
