"""Requests that are too large or too slow don't hold memory or connections."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from local_cloud.ports import LOOPBACK, free_port
from tests.support.web.fakes import Client
from web_src import limits
from web_src.limits import MAX_BODY_BYTES, MAX_REQUEST_BYTES, BodyLimit, LimitedConnection

SECONDS = 0.3
UPLOAD = b'{"dataset": "orders", "name": "a.csv", "size": 1}'
REQUEST = b"POST /api/x HTTP/1.1\r\nHost: app\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def test_a_body_of_the_largest_size_is_accepted(client: Client) -> None:
    body = UPLOAD.ljust(MAX_BODY_BYTES)
    headers = {"Content-Type": "application/json"}
    assert client.request("POST", "/api/uploads", content=body, headers=headers).status_code == 201
    response = client.request("POST", "/api/uploads", content=body + b" ", headers=headers)
    assert response.status_code == 413
    assert response.json()["error"] == "Request too large"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/healthz", "/sign-out", "/api/uploads", "/nowhere"])
def test_a_large_body_is_refused_at_every_address_before_it_is_read(client: Client, method: str, path: str) -> None:
    headers = {"Content-Length": str(MAX_BODY_BYTES + 1)}
    assert client.request(method, path, headers=headers).status_code == 413


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends the body back, for /api/slow after a while."""
    body = (await receive())["body"]
    if scope["path"] == "/api/slow":
        await asyncio.sleep(SECONDS * 2)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a server with short times."""
    monkeypatch.setattr(limits, "REQUEST_SECONDS", SECONDS)
    config = uvicorn.Config(
        BodyLimit(_app), host=LOOPBACK, port=free_port(), http=LimitedConnection, loop="uvloop", lifespan="off",
        log_config=None,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield config.port
    server.should_exit = True
    thread.join()


def _send(port: int, parts: Iterable[bytes], *, pause: float = 0.0) -> tuple[bytes, int]:
    """What the server answers until it closes the connection, and the number of bytes that it was sent."""
    answer, sent = b"", 0
    with closing(socket.create_connection((LOOPBACK, port), timeout=10)) as connection:
        with contextlib.suppress(ConnectionError):  # the server closed the connection
            for part in parts:
                connection.sendall(part)
                sent += len(part)
                time.sleep(pause)
        with contextlib.suppress(ConnectionError):
            while received := connection.recv(65536):
                answer += received
    return answer, sent


@pytest.mark.parametrize(
    ("start", "more", "answer"),
    [
        pytest.param(b"G", b"", b"HTTP/1.1 408 ", id="one character"),
        pytest.param(b"GET / HTTP/1.1\r\n", b"X-Name: value\r\n", b"HTTP/1.1 408 ", id="headers"),
        pytest.param(REQUEST + b"Content-Length: 50\r\n\r\n", b"x", b"HTTP/1.1 408 ", id="body"),
        pytest.param(REQUEST + CHUNKED, b"1\r\nx\r\n", b"HTTP/1.1 408 ", id="chunks"),
        pytest.param(REQUEST + CHUNKED + b"0\r\n", b"X-Name: value\r\n", b"HTTP/1.1 408 ", id="trailers"),
        pytest.param(REQUEST + b"Content-Length: 70000\r\n\r\n", b"x", b"HTTP/1.1 413 ", id="a refused body"),
        pytest.param(b"", b"", b"", id="nothing"),
    ],
)
def test_a_slow_client_is_cut_off(port: int, start: bytes, more: bytes, answer: bytes) -> None:
    started = time.monotonic()
    received, _ = _send(port, [start, *[more] * 20], pause=SECONDS / 10)
    assert received.startswith(answer)
    assert SECONDS * 0.9 < time.monotonic() - started < SECONDS * 5


@pytest.mark.parametrize(
    ("start", "more", "answer", "most"),
    [
        pytest.param(b"GET / HTTP/1.1\r\n", b"X-Name: " + b"x" * 1000 + b"\r\n", b"HTTP/1.1 431 ", 1, id="headers"),
        pytest.param(b"GET / HTTP/1.1\r\nX-Name: ", b"x" * 1000, b"HTTP/1.1 431 ", 1, id="one header"),
        pytest.param(b"GET /", b"x" * 1000, b"HTTP/1.1 431 ", 1, id="address"),
        pytest.param(REQUEST + CHUNKED, b"3e8\r\n" + b"x" * 1000 + b"\r\n", b"HTTP/1.1 413 ", 8, id="chunks"),
        pytest.param(REQUEST + CHUNKED + b"1;x=", b"x" * 1000, b"", 8, id="the extension of a chunk"),
        pytest.param(REQUEST + CHUNKED + b"0\r\n", b"X-Name: " + b"x" * 1000 + b"\r\n", b"", 8, id="trailers"),
    ],
)
def test_an_endless_request_is_cut_off(port: int, start: bytes, more: bytes, answer: bytes, most: int) -> None:
    """`most` is in MiB, and includes what the buffers of both sockets hold."""
    received, sent = _send(port, [start, *[more] * 100_000])
    assert received.startswith(answer)
    assert sent < (most + 8) * 1024 * 1024


def test_a_client_that_is_still_sending_gets_the_answer_to_a_body_that_is_too_large(port: int) -> None:
    size = MAX_REQUEST_BYTES // 2
    received, sent = _send(port, [REQUEST + b"Content-Length: %d\r\n\r\n" % size, *[b"x" * 1000] * (size // 1000)])
    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"Request too large" in received
    assert sent > size * 0.9


def test_a_response_may_take_longer_than_a_request_and_the_connection_is_used_again(port: int) -> None:
    with httpx.Client(base_url=f"http://{LOOPBACK}:{port}") as client:
        for path in ("/api/slow", "/api/x", "/api/slow"):
            assert client.post(path, content=b"x" * 1000).text == "x" * 1000
            time.sleep(SECONDS * 1.5)


def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    one = REQUEST + b"Content-Length: 3\r\n\r\n"
    last = one.replace(b"Host", b"Connection: close\r\nHost")
    received, _ = _send(port, [one + b"one" + one + b"two" + last + b"end"])
    assert [each[-3:] for each in received.split(b"HTTP/1.1 200 OK")[1:]] == [b"one", b"two", b"end"]
