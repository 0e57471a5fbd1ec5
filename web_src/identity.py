"""Who is asking. Where sign-in is on, the load balancer vouches for everyone, and its word is verified here.

Amazon's rules: Application Load Balancer user guide, "Authenticate users using an Application Load Balancer".
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from . import errors
from .settings import SignIn

HEADER = "x-amzn-oidc-data"
# The load balancer splits its session among as many cookies as it needs, at most four.
SESSION_COOKIES = tuple(f"AWSELBAuthSessionCookie-{number}" for number in range(4))
# Health checks come from the load balancer itself; the error page needs its style. Neither shows any data.
_OPEN_PATHS = ("/healthz", "/readyz")
_OPEN_FOLDER = "/static/"
_ALGORITHM = "ES256"
_KEYS_KEPT = 16
_FETCH_SECONDS = 3.0
_LARGEST_KEY_BYTES = 10_000
_KEY_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEY_ADDRESSES = {
    "aws": "https://public-keys.auth.elb.{region}.amazonaws.com/",
    "aws-us-gov": "https://s3-{region}.amazonaws.com/aws-elb-public-keys-prod-{region}/",
}


class NotSignedInError(Exception):
    """Nobody vouches for this request; the message says why, and is for the log."""


class KeysAwayError(Exception):
    """The load balancer's keys can't be had at the moment, so its word can't be verified."""


def key_address(load_balancer_arn: str) -> str:
    """Where Amazon publishes the keys with which load balancers of that partition and region sign."""
    _, partition, _, region, *_ = load_balancer_arn.split(":")
    return _KEY_ADDRESSES.get(partition, _KEY_ADDRESSES["aws"]).format(region=region)


def fetch(address: str) -> str:
    """The key at that address; blocks. Raises NotSignedInError where there is none, KeysAwayError without an answer."""
    try:
        with urlopen(address, timeout=_FETCH_SECONDS) as answer:  # noqa: S310 - https, and our own address
            return str(answer.read(_LARGEST_KEY_BYTES).decode("ascii"))
    except HTTPError as error:
        error.close()
        if error.code in (403, 404):  # S3 answers so for a key that it does not have
            raise NotSignedInError("signed with a key that Amazon does not know") from None
        raise KeysAwayError(f"{address} answered {error.code}") from None
    except (URLError, OSError, HTTPException, UnicodeDecodeError) as error:
        raise KeysAwayError(f"{address} did not answer: {error}") from error


class Verifier:
    """Verifies the load balancer's word, with keys that it keeps: a key id never names another key later."""

    def __init__(self, sign_in: SignIn, fetch_key: Callable[[str], str] = fetch) -> None:
        self._sign_in = sign_in
        self._address = key_address(sign_in.load_balancer_arn)
        self._fetch = fetch_key
        self._keys: OrderedDict[str, EllipticCurvePublicKey] = OrderedDict()
        self._turn = asyncio.Lock()
        self._failures = 0

    async def person(self, token: str) -> str:
        """The e-mail address, or else the id, of the person who is signed in.

        Raises NotSignedInError where the token is not, in every part, one that our load balancer made for us and that
        still holds; KeysAwayError where that can't be told at the moment.
        """
        try:
            # Before anything is fetched: a stranger's token must not make us ask for keys.
            self._check_header(jwt.get_unverified_header(token))
            key = await self._key(jwt.get_unverified_header(token)["kid"])
            claims = jwt.decode(token, key, algorithms=[_ALGORITHM], options={"verify_aud": False})
        except jwt.PyJWTError as error:
            raise NotSignedInError(f"the token is not valid: {error}") from None
        person = claims.get("email") or claims.get("sub")
        if not isinstance(person, str):
            raise NotSignedInError("the token names nobody")
        return person

    def _check_header(self, header: dict[str, Any]) -> None:
        # These are signed with the rest, and stand in the header, where no library looks for them.
        expected = {
            "signer": self._sign_in.load_balancer_arn,
            "client": self._sign_in.client_id,
            "iss": self._sign_in.issuer,
        }
        for field, value in expected.items():
            if header.get(field) != value:
                raise NotSignedInError(f"the token's {field} is {header.get(field)!r}, and not {value!r}")
        expiry = header.get("exp")
        if not isinstance(expiry, int | float) or expiry <= time.time():
            raise NotSignedInError(f"the token expired at {expiry!r}")
        if not _KEY_ID.fullmatch(str(header.get("kid"))):
            raise NotSignedInError(f"the token's kid is {header.get('kid')!r}, which is none")

    async def _key(self, key_id: str) -> EllipticCurvePublicKey:
        key = self._keys.get(key_id) or await self._fetched(key_id)
        self._keys[key_id] = key
        self._keys.move_to_end(key_id)
        if len(self._keys) > _KEYS_KEPT:
            self._keys.popitem(last=False)
        return key

    async def _fetched(self, key_id: str) -> EllipticCurvePublicKey:
        failures = self._failures
        async with self._turn:  # one fetch for all who wait
            if key_id in self._keys:
                return self._keys[key_id]
            if self._failures != failures:
                raise KeysAwayError("they were asked for a moment ago, in vain")
            try:
                self._keys[key_id] = _public_key(await asyncio.to_thread(self._fetch, self._address + key_id))
            except KeysAwayError:
                self._failures += 1
                raise
            return self._keys[key_id]


def _public_key(pem: str) -> EllipticCurvePublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeysAwayError(f"what was sent for a key is none: {error}") from None
    if not isinstance(key, EllipticCurvePublicKey):
        raise KeysAwayError("what was sent for a key is one of another kind")
    return key


class SignedIn:
    """Lets nobody through for whom the load balancer does not vouch, and notes the person in the request's scope."""

    def __init__(self, app: ASGIApp, verifier: Verifier) -> None:
        self._app = app
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        open_path = scope["type"] != "http" or scope["path"] in _OPEN_PATHS or scope["path"].startswith(_OPEN_FOLDER)
        if not open_path:
            try:
                scope["person"] = await self._verifier.person(Headers(scope=scope).get(HEADER, ""))
            except NotSignedInError as error:
                errors.log.info("refused, as nobody is signed in: %s", error)
                await errors.answer(Request(scope), 401)(scope, receive, send)
                return
            except KeysAwayError as error:
                errors.log.error("nobody can be let in: %s", error)
                away = "Your sign-in can't be checked just now. Please try again in a few seconds."
                await errors.answer(Request(scope), 503, away)(scope, receive, send)
                return
        await self._app(scope, receive, send)
