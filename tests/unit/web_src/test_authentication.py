"""With sign-in, every request for data needs a token that our load balancer signed; forged tokens are refused."""

from __future__ import annotations

import asyncio
import base64
import socketserver
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from cryptography.hazmat.primitives import hashes, hmac

from tests.support.web import fakes
from tests.support.web.fakes import SIGN_IN, Client, FakeDatabase
from tests.support.web.tokens import ADA, ARN, KEY, KEY_ID, OTHER_KEY, encoded, header, pem, signed
from web_src import authentication
from web_src.authentication import (
    TOKEN_HEADER,
    KeysUnavailableError,
    NotSignedInError,
    fetch_key,
    public_key_url,
)
from web_src.settings import Settings

KEYS_URL = "https://public-keys.auth.elb.eu-central-1.amazonaws.com/"
# Every page and every endpoint of the API.
PROTECTED = ("/", "/files", "/files/7", "/files/7/rejects.csv", "/datasets", "/datasets/orders",
           "/datasets/orders/rows", "/datasets/orders/rows.csv", "/datasets/orders/row?order_id=A-001",
           "/datasets/orders/template.csv", "/upload", "/api", "/api/files", "/api/files/by-key?key=x", "/api/datasets",
           "/api/datasets/orders/rows", "/api/datasets/orders/schema", "/api/openapi.json", "/nowhere")  # fmt: skip


class KeyServer:
    """Stands in for AWS's server of public keys, and records the requests."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.unavailable = False

    def fetch(self, url: str) -> str:
        self.requests.append(url)
        if self.unavailable:
            raise KeysUnavailableError("no answer")
        return pem(KEY)


@pytest.fixture
def keys() -> KeyServer:
    return KeyServer()


@pytest.fixture
def public(database: FakeDatabase, keys: KeyServer) -> Client:
    """A client of the app with sign-in."""
    return fakes.client(database, environment=SIGN_IN, fetch=keys.fetch)


@pytest.mark.parametrize("path", PROTECTED)
def test_nothing_is_served_without_sign_in(public: Client, path: str) -> None:
    response = public.get(path)
    assert response.status_code == 401
    assert "You are not signed in" in response.text
    assert response.headers["Content-Type"].startswith("application/json" if path.startswith("/api/") else "text/html")
    assert "Content-Security-Policy" in response.headers


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/static/app.css"])
def test_health_checks_and_static_files_need_no_sign_in(public: Client, path: str) -> None:
    assert public.get(path).status_code == 200


def test_a_signed_in_user_gets_the_page_with_the_users_name(public: Client, keys: KeyServer) -> None:
    response = public.get("/", headers={TOKEN_HEADER: signed(header(), ADA)})
    assert response.status_code == 200
    assert "ada@example.com" in response.text
    assert "Sign out" in response.text
    assert keys.requests == [KEYS_URL + KEY_ID]


def test_a_user_without_an_email_address_is_shown_by_id(public: Client) -> None:
    assert "1234" in public.get("/upload", headers={TOKEN_HEADER: signed(header(), {"sub": "1234"})}).text


def test_the_email_address_is_escaped(public: Client) -> None:
    text = public.get("/", headers={TOKEN_HEADER: signed(header(), ADA | {"email": fakes.SCRIPT})}).text
    assert "<script>" not in text


def test_each_user_sees_their_own_name_on_the_cached_overview(public: Client) -> None:
    for email in ("ada@example.com", "bob@example.com"):
        assert email in public.get("/", headers={TOKEN_HEADER: signed(header(), ADA | {"email": email})}).text


FORGERIES = {
    "no token": "",
    "not base64": "a.b.c",
    "a single part": "abc",
    "signed with another key": signed(header(), ADA, OTHER_KEY),
    "an expired token": signed(header(exp=int(time.time()) - 1), ADA),
    "no expiry": signed({name: value for name, value in header().items() if name != "exp"}, ADA),
    "an expiry that is not a number": signed(header(exp="never"), ADA),
    "expired claims": signed(header(), ADA | {"exp": int(time.time()) - 1}),
    "another load balancer": signed(header(signer=ARN + "x"), ADA),
    "no load balancer": signed({name: value for name, value in header().items() if name != "signer"}, ADA),
    "another client": signed(header(client="other"), ADA),
    "another issuer": signed(header(iss="https://idp.example"), ADA),
    "no user": signed(header(), {"email": None}),
    "no user id": signed(header(), {"email": "ada@example.com"}),
    "a key id that is a path": signed(header(kid="../../" + KEY_ID), ADA),
    "a key id that is a URL": signed(header(kid="https://keys.example/" + KEY_ID), ADA),
    "no key id": signed({name: value for name, value in header().items() if name != "kid"}, ADA),
    "no algorithm": f"{encoded(header(alg='none'))}.{encoded(ADA)}.",
    "no algorithm, in capitals": f"{encoded(header(alg='NONE'))}.{encoded(ADA)}.",
}


def _tampered() -> str:
    head, _, signature = signed(header(), ADA).split(".")
    return f"{head}.{encoded(ADA | {'email': 'eve@example.com'})}.{signature}"


def _signed_with_the_public_key_as_a_secret() -> str:
    content = f"{encoded(header(alg='HS256'))}.{encoded(ADA)}"
    secret = hmac.HMAC(pem(KEY).encode(), hashes.SHA256())
    secret.update(content.encode())
    return f"{content}.{base64.urlsafe_b64encode(secret.finalize()).decode()}"


FORGERIES |= {"tampered claims": _tampered(), "the public key as a secret": _signed_with_the_public_key_as_a_secret()}


@pytest.mark.parametrize("token", FORGERIES.values(), ids=FORGERIES.keys())
@pytest.mark.parametrize("path", ["/", "/api/files"])
def test_a_forged_token_is_refused(public: Client, token: str, path: str) -> None:
    answer = public.get(path, headers={TOKEN_HEADER: token})
    assert answer.status_code == 401
    assert "s3://" not in answer.text


@pytest.mark.parametrize(
    "forgery",
    [
        "another load balancer",
        "an expired token",
        "a key id that is a URL",
        "no algorithm",
        "the public key as a secret",
    ],
)
def test_a_forged_token_does_not_make_the_app_fetch_a_key(public: Client, keys: KeyServer, forgery: str) -> None:
    public.get("/", headers={TOKEN_HEADER: FORGERIES[forgery]})
    assert keys.requests == []


def test_while_keys_are_unavailable_users_are_asked_to_retry(public: Client, keys: KeyServer) -> None:
    keys.unavailable = True
    response = public.get("/", headers={TOKEN_HEADER: signed(header(), ADA)})
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "can&#39;t be verified" in response.text
    keys.unavailable = False
    assert public.get("/", headers={TOKEN_HEADER: signed(header(), ADA)}).status_code == 200


def test_a_token_signed_with_an_unpublished_key_is_refused(database: FakeDatabase) -> None:
    def unknown(_: str) -> str:
        raise NotSignedInError("no such key")

    public = fakes.client(database, environment=SIGN_IN, fetch=unknown)
    assert public.get("/", headers={TOKEN_HEADER: signed(header(), ADA)}).status_code == 401


@pytest.mark.parametrize("sent", ["", "<html>", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_response_that_is_not_a_key_is_not_cached(database: FakeDatabase, keys: KeyServer, sent: str) -> None:
    responses = [sent, pem(KEY)]
    public = fakes.client(database, environment=SIGN_IN, fetch=lambda _: responses.pop(0))
    token = {TOKEN_HEADER: signed(header(), ADA)}
    assert [public.get("/", headers=token).status_code for _ in range(2)] == [503, 200]


def test_concurrent_requests_wait_for_one_failed_fetch_only() -> None:
    requests: list[str] = []

    def unavailable(url: str) -> str:
        requests.append(url)
        time.sleep(0.2)
        raise KeysUnavailableError("no answer")

    settings = Settings.from_env({**fakes.ENVIRONMENT, **SIGN_IN}).sign_in
    assert settings is not None
    verifier = authentication.TokenVerifier(settings, unavailable)

    async def verify() -> list[BaseException | authentication.User]:
        token = signed(header(), ADA)
        return await asyncio.gather(*(verifier.verify(token) for _ in range(20)), return_exceptions=True)

    assert {type(each) for each in asyncio.run(verify())} == {KeysUnavailableError}
    assert len(requests) == 1


def test_each_key_is_fetched_once(public: Client, keys: KeyServer) -> None:
    for _ in range(3):
        public.get("/upload", headers={TOKEN_HEADER: signed(header(), ADA)})
    assert len(keys.requests) == 1


def test_the_cache_keeps_the_most_recently_used_keys(public: Client, keys: KeyServer) -> None:
    def visit(key_id: str) -> None:
        assert public.get("/upload", headers={TOKEN_HEADER: signed(header(kid=key_id), ADA)}).status_code == 200

    for _ in range(3 * authentication._MAX_KEYS):
        visit(str(uuid.uuid4()))
        visit(KEY_ID)
    assert keys.requests.count(KEYS_URL + KEY_ID) == 1
    first = keys.requests[0]
    visit(first.removeprefix(KEYS_URL))
    assert keys.requests.count(first) == 2


def test_signing_out_ends_both_sessions(public: Client) -> None:
    response = public.request(
        "POST", "/sign-out", headers={TOKEN_HEADER: signed(header(), ADA), "Sec-Fetch-Site": "same-origin"}
    )
    assert response.status_code == 303
    assert response.headers["Location"] == SIGN_IN["SIGN_IN_LOGOUT_URL"]
    ended = response.headers.get_list("Set-Cookie")
    assert [each.partition("=")[0] for each in ended] == [f"AWSELBAuthSessionCookie-{number}" for number in range(4)]
    assert all("Max-Age=0" in each and "Path=/" in each and "Secure" in each for each in ended)


def test_the_content_security_policy_allows_the_redirect_to_the_user_pools_sign_out(public: Client) -> None:
    policy = public.get("/healthz").headers["Content-Security-Policy"]
    assert "form-action 'self' https://example.auth.eu-central-1.amazoncognito.com;" in policy


@pytest.mark.parametrize(
    ("partition", "region", "url"),
    [
        ("aws", "eu-central-1", KEYS_URL),
        (
            "aws-us-gov",
            "us-gov-west-1",
            "https://s3-us-gov-west-1.amazonaws.com/aws-elb-public-keys-prod-us-gov-west-1/",
        ),
    ],
)
def test_keys_are_fetched_from_the_address_that_aws_documents(partition: str, region: str, url: str) -> None:
    arn = f"arn:{partition}:elasticloadbalancing:{region}:111122223333:loadbalancer/app/web/0123"
    assert public_key_url(arn) == url


class _Statuses(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.end_headers()
        self.wfile.write(b"a key")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a server that answers with the status in the request's path."""
    with socketserver.TCPServer(("127.0.0.1", 0), _Statuses) as tcp_server:
        thread = threading.Thread(target=tcp_server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{tcp_server.server_address[1]}"
        tcp_server.shutdown()
        thread.join()


def test_a_key_is_fetched_over_the_network(server: str) -> None:
    assert fetch_key(f"{server}/200") == "a key"


@pytest.mark.parametrize("status", [403, 404])
def test_a_key_that_aws_does_not_have_means_not_signed_in(server: str, status: int) -> None:
    with pytest.raises(NotSignedInError):
        fetch_key(f"{server}/{status}")


def test_a_key_server_that_fails_is_reported_as_unavailable(server: str) -> None:
    with pytest.raises(KeysUnavailableError, match="answered 500"):
        fetch_key(f"{server}/500")
    with pytest.raises(KeysUnavailableError, match="did not answer"):
        fetch_key("http://127.0.0.1:1/")
