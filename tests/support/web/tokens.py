"""Tokens as the load balancer signs them, with keys of our own."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.support.web.fakes import SIGN_IN

KEY_ID = "0d9bd1f5-7a4e-4e39-a3ef-000000000001"
KEY, OTHER_KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
ARN = SIGN_IN["SIGN_IN_LOAD_BALANCER_ARN"]
ADA = {"sub": "1234", "email": "ada@example.com"}


def pem(key: ec.EllipticCurvePrivateKey) -> str:
    """The public key in the format in which AWS publishes it."""
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def encoded(value: object) -> str:
    """One part of a token. The load balancer adds padding, unlike the JWT standard."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def header(**changes: Any) -> dict[str, Any]:
    """The header of a valid token, except for `changes`."""
    return {
        "alg": "ES256",
        "kid": KEY_ID,
        "signer": ARN,
        "iss": SIGN_IN["SIGN_IN_ISSUER"],
        "client": SIGN_IN["SIGN_IN_CLIENT_ID"],
        "exp": int(time.time()) + 120,
    } | changes


def signed(head: dict[str, Any], claims: dict[str, Any], key: ec.EllipticCurvePrivateKey = KEY) -> str:
    """A token, signed with our load balancer's key unless another is given."""
    content = f"{encoded(head)}.{encoded(claims)}"
    r, s = decode_dss_signature(key.sign(content.encode(), ec.ECDSA(hashes.SHA256())))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{content}.{base64.urlsafe_b64encode(signature).decode()}"
