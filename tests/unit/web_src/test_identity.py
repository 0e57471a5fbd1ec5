"""Nobody gets in but those for whom our load balancer vouches: each way to lie is tried."""

from __future__ import annotations

import asyncio
import base64
import json
import socketserver
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.support.web import stand_ins
from tests.support.web.stand_ins import SIGN_IN, Client, Database
from web_src import identity
from web_src.identity import HEADER, KeysAwayError, NotSignedInError, fetch, key_address
from web_src.settings import Settings

KEY_ID = "0d9bd1f5-7a4e-4e39-a3ef-000000000001"
KEYS = "https://public-keys.auth.elb.eu-central-1.amazonaws.com/"
OUR_KEY, OTHER_KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
ARN = SIGN_IN["SIGN_IN_LOAD_BALANCER_ARN"]
# Every page and every kind of data.
GUARDED = ("/", "/files", "/files/7", "/files/7/rejects.csv", "/orders", "/orders/A-001", "/upload", "/api",
           "/api/files", "/api/files/by-key?key=x", "/api/orders", "/api/openapi.json", "/nowhere")  # fmt: skip


def pem(key: ec.EllipticCurvePrivateKey) -> str:
    """The public key as Amazon publishes it."""
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def encoded(value: object) -> str:
    """A part of a token as the load balancer makes it: with the padding that the standard leaves out."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def header(**changes: Any) -> dict[str, Any]:
    """The token's header as the user guide shows it."""
    return {
        "alg": "ES256",
        "kid": KEY_ID,
        "signer": ARN,
        "iss": SIGN_IN["SIGN_IN_ISSUER"],
        "client": SIGN_IN["SIGN_IN_CLIENT_ID"],
        "exp": int(time.time()) + 120,
    } | changes


def signed(head: dict[str, Any], claims: dict[str, Any], key: ec.EllipticCurvePrivateKey = OUR_KEY) -> str:
    """A token, signed with our load balancer's key, or another."""
    content = f"{encoded(head)}.{encoded(claims)}"
    r, s = decode_dss_signature(key.sign(content.encode(), ec.ECDSA(hashes.SHA256())))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{content}.{base64.urlsafe_b64encode(signature).decode()}"


ADA = {"sub": "1234", "email": "ada@example.com"}


class Keys:
    """Amazon's address of keys, which counts what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = False

    def fetch(self, address: str) -> str:
        self.asked.append(address)
        if self.away:
            raise KeysAwayError("no answer")
        return pem(OUR_KEY)


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def public(database: Database, keys: Keys) -> Client:
    """A client of the app as it is on the internet: with sign-in."""
    return stand_ins.client(database, environment=SIGN_IN, fetch_key=keys.fetch)


@pytest.mark.parametrize("path", GUARDED)
def test_nothing_is_shown_without_sign_in(public: Client, path: str) -> None:
    answer = public.get(path)
    assert answer.status_code == 401
    assert "You are not signed in" in answer.text
    assert answer.headers["Content-Type"].startswith("application/json" if path.startswith("/api/") else "text/html")
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/static/app.css"])
def test_health_checks_and_styles_need_no_sign_in(public: Client, path: str) -> None:
    assert public.get(path).status_code == 200


def test_who_is_signed_in_is_let_in_and_greeted(public: Client, keys: Keys) -> None:
    answer = public.get("/", headers={HEADER: signed(header(), ADA)})
    assert answer.status_code == 200
    assert "ada@example.com" in answer.text
    assert "Sign out" in answer.text
    assert keys.asked == [KEYS + KEY_ID]


def test_who_has_no_address_goes_by_the_id(public: Client) -> None:
    assert "1234" in public.get("/upload", headers={HEADER: signed(header(), {"sub": "1234"})}).text


def test_an_address_is_shown_and_never_run(public: Client) -> None:
    text = public.get("/", headers={HEADER: signed(header(), ADA | {"email": stand_ins.NASTY})}).text
    assert "<script>" not in text


def test_each_person_sees_their_own_name_on_the_shared_overview(public: Client) -> None:
    for email in ("ada@example.com", "bob@example.com"):
        assert email in public.get("/", headers={HEADER: signed(header(), {"email": email})}).text


LIES = {
    "no token": "",
    "no token at all": "a.b.c",
    "not even parts": "abc",
    "signed by another": signed(header(), ADA, OTHER_KEY),
    "an expired session": signed(header(exp=int(time.time()) - 1), ADA),
    "no expiry": signed({name: value for name, value in header().items() if name != "exp"}, ADA),
    "an expiry that is no number": signed(header(exp="never"), ADA),
    "expired claims": signed(header(), ADA | {"exp": int(time.time()) - 1}),
    "another load balancer": signed(header(signer=ARN + "x"), ADA),
    "no load balancer": signed({name: value for name, value in header().items() if name != "signer"}, ADA),
    "another client": signed(header(client="other"), ADA),
    "another issuer": signed(header(iss="https://idp.example"), ADA),
    "nobody": signed(header(), {"email": None}),
    "a key id that is a path": signed(header(kid="../../" + KEY_ID), ADA),
    "a key id that is an address": signed(header(kid="https://keys.example/" + KEY_ID), ADA),
    "no key id": signed({name: value for name, value in header().items() if name != "kid"}, ADA),
    "no algorithm": f"{encoded(header(alg='none'))}.{encoded(ADA)}.",
    "no algorithm, in capitals": f"{encoded(header(alg='NONE'))}.{encoded(ADA)}.",
}


def _tampered() -> str:
    head, _, signature = signed(header(), ADA).split(".")
    return f"{head}.{encoded(ADA | {'email': 'eve@example.com'})}.{signature}"


def _signed_with_the_public_key_as_a_secret() -> str:
    content = f"{encoded(header(alg='HS256'))}.{encoded(ADA)}"
    secret = hmac.HMAC(pem(OUR_KEY).encode(), hashes.SHA256())
    secret.update(content.encode())
    return f"{content}.{base64.urlsafe_b64encode(secret.finalize()).decode()}"


LIES |= {"tampered claims": _tampered(), "the public key as a secret": _signed_with_the_public_key_as_a_secret()}


@pytest.mark.parametrize("token", LIES.values(), ids=LIES.keys())
@pytest.mark.parametrize("path", ["/", "/api/files"])
def test_no_lie_gets_in(public: Client, token: str, path: str) -> None:
    assert public.get(path, headers={HEADER: token}).status_code == 401


@pytest.mark.parametrize("lie", ["another load balancer", "an expired session", "a key id that is an address"])
def test_a_strangers_token_does_not_make_us_fetch_anything(public: Client, keys: Keys, lie: str) -> None:
    public.get("/", headers={HEADER: LIES[lie]})
    assert keys.asked == []


def test_without_keys_nobody_gets_in_and_is_told_to_retry(public: Client, keys: Keys) -> None:
    keys.away = True
    answer = public.get("/", headers={HEADER: signed(header(), ADA)})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "can&#39;t be checked" in answer.text
    keys.away = False
    assert public.get("/", headers={HEADER: signed(header(), ADA)}).status_code == 200


def test_a_key_that_amazon_never_published_lets_nobody_in(database: Database) -> None:
    def unknown(_: str) -> str:
        raise NotSignedInError("signed with a key that Amazon does not know")

    public = stand_ins.client(database, environment=SIGN_IN, fetch_key=unknown)
    assert public.get("/", headers={HEADER: signed(header(), ADA)}).status_code == 401


@pytest.mark.parametrize("sent", ["", "<html>", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_key_is_not_kept_and_not_believed(database: Database, keys: Keys, sent: str) -> None:
    answers = [sent, pem(OUR_KEY)]
    public = stand_ins.client(database, environment=SIGN_IN, fetch_key=lambda _: answers.pop(0))
    token = {HEADER: signed(header(), ADA)}
    assert [public.get("/", headers=token).status_code for _ in range(2)] == [503, 200]


def test_all_who_wait_for_keys_that_are_away_wait_once() -> None:
    asked: list[str] = []

    def away(address: str) -> str:
        asked.append(address)
        time.sleep(0.2)
        raise KeysAwayError("no answer")

    settings = Settings.from_env({**stand_ins.ENVIRONMENT, **SIGN_IN}).sign_in
    assert settings is not None
    verifier = identity.Verifier(settings, away)

    async def come() -> list[BaseException | str]:
        token = signed(header(), ADA)
        return await asyncio.gather(*(verifier.person(token) for _ in range(20)), return_exceptions=True)

    assert {type(each) for each in asyncio.run(come())} == {KeysAwayError}
    assert len(asked) == 1


def test_a_key_is_fetched_once(public: Client, keys: Keys) -> None:
    for _ in range(3):
        public.get("/upload", headers={HEADER: signed(header(), ADA)})
    assert len(keys.asked) == 1


def test_only_so_many_keys_are_kept_the_ones_in_use_among_them(public: Client, keys: Keys) -> None:
    def come(key_id: str) -> None:
        assert public.get("/upload", headers={HEADER: signed(header(kid=key_id), ADA)}).status_code == 200

    for _ in range(3 * identity._KEYS_KEPT):
        come(str(uuid.uuid4()))
        come(KEY_ID)
    assert keys.asked.count(KEYS + KEY_ID) == 1
    first = keys.asked[0]
    come(first.removeprefix(KEYS))
    assert keys.asked.count(first) == 2


def test_signing_out_ends_both_sessions(public: Client) -> None:
    answer = public.ask("POST", "/sign-out", headers={HEADER: signed(header(), ADA), "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == SIGN_IN["SIGN_IN_LOGOUT_URL"]
    ended = answer.headers.get_list("Set-Cookie")
    assert [each.partition("=")[0] for each in ended] == [f"AWSELBAuthSessionCookie-{number}" for number in range(4)]
    assert all("Max-Age=0" in each and "Path=/" in each and "Secure" in each for each in ended)


def test_a_browser_may_follow_the_logout_to_the_user_pool(public: Client) -> None:
    policy = public.get("/healthz").headers["Content-Security-Policy"]
    assert "form-action 'self' https://shop.auth.eu-central-1.amazoncognito.com;" in policy


@pytest.mark.parametrize(
    ("partition", "region", "address"),
    [
        ("aws", "eu-central-1", KEYS),
        (
            "aws-us-gov",
            "us-gov-west-1",
            "https://s3-us-gov-west-1.amazonaws.com/aws-elb-public-keys-prod-us-gov-west-1/",
        ),
    ],
)
def test_keys_come_from_where_amazon_publishes_them(partition: str, region: str, address: str) -> None:
    arn = f"arn:{partition}:elasticloadbalancing:{region}:111122223333:loadbalancer/app/web/0123"
    assert key_address(arn) == address


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        code = int(self.path.strip("/"))
        self.send_response(code)
        self.end_headers()
        self.wfile.write(b"a key")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server that answers with the code that its path names."""
    with socketserver.TCPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_key_is_fetched_over_the_network(address: str) -> None:
    assert fetch(f"{address}/200") == "a key"


@pytest.mark.parametrize("code", [403, 404])
def test_a_key_that_amazon_does_not_have_means_not_signed_in(address: str, code: int) -> None:
    with pytest.raises(NotSignedInError):
        fetch(f"{address}/{code}")


def test_an_address_that_is_away_says_so(address: str) -> None:
    with pytest.raises(KeysAwayError, match="answered 500"):
        fetch(f"{address}/500")
    with pytest.raises(KeysAwayError, match="did not answer"):
        fetch("http://127.0.0.1:1/")
