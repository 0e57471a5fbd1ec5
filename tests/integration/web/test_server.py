"""The running server: what reaches its log, and what it holds in memory. It needs no database."""

from __future__ import annotations

import json
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from local_cloud.ports import LOOPBACK, free_port
from local_cloud.postgres import PostgresEndpoint
from tests.support.web.process import WebProcess
from web_src.limits import MAX_CONNECTIONS

MEBIBYTE = 1024 * 1024
UPLOAD = {"dataset": "orders", "name": "a.csv", "size": 1}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The file to which systemd would append the server's output."""
    return tmp_path / "web.log"


@pytest.fixture
def web(log: Path) -> Iterator[WebProcess]:
    """The app with a database that does not answer."""
    nowhere = PostgresEndpoint(
        host=LOOPBACK, port=free_port(), ca_bundle=Path("none.pem"), superuser="", superuser_password=""
    )
    with WebProcess(nowhere, "none", log) as web:
        yield web


def _lines(log: Path, logger: str) -> list[dict[str, Any]]:
    """The log's lines of one logger; every line of the log must be JSON."""
    return [line for text in log.read_text().splitlines() if (line := json.loads(text))["logger"] == logger]


def test_the_audit_log_leaves_the_process(web: WebProcess, log: Path) -> None:
    key: str = web.client.post("/api/uploads", json=UPLOAD).json()["key"]
    assert web.client.get("/", headers={"Host": "evil.example"}).status_code == 421
    upload, refused = _lines(log, "web_src.audit")
    assert (upload["message"], upload["who"], upload["folder"]) == ("upload", None, key.rpartition("/")[0])
    assert (refused["level"], refused["host"]) == ("WARNING", "evil.example")


def test_the_servers_and_the_librarys_own_lines_are_json_too(web: WebProcess, log: Path) -> None:
    web.wait_for("/readyz", 503, seconds=5)
    assert web.stop() in (0, -15)
    assert any("Application startup complete" in line["message"] for line in _lines(log, "uvicorn.error"))
    assert {line["level"] for line in _lines(log, "psycopg.pool")} == {"WARNING"}


def _peak_memory(web: WebProcess) -> int:
    """The most memory that the process has had, in bytes."""
    status = Path(f"/proc/{web.process.pid}/status")
    if not status.exists():
        pytest.skip("this system does not tell the memory of a process")
    (line,) = (each for each in status.read_text().splitlines() if each.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize("path", ["/api/uploads", "/", "/nowhere"])
def test_a_body_of_250_mb_takes_no_memory(web: WebProcess, path: str) -> None:
    web.client.post("/api/uploads", json=UPLOAD)  # for what is loaded at the first request
    before = _peak_memory(web)
    with socket.create_connection((LOOPBACK, web.client.base_url.port or 0), timeout=10) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        with pytest.raises(ConnectionError):
            for _ in range(250 * MEBIBYTE // 0x10000):
                connection.sendall(chunk)
    assert _peak_memory(web) - before < 8 * MEBIBYTE
    assert web.client.post("/api/uploads", json=UPLOAD).status_code == 201


def test_too_many_connections_are_refused_until_some_end(web: WebProcess) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < 2 * MAX_CONNECTIONS:
        pytest.skip("this test may not open so many files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(2 * MAX_CONNECTIONS, 1024), most))
    with ExitStack() as open_connections:
        for _ in range(MAX_CONNECTIONS):
            open_connections.enter_context(socket.create_connection((LOOPBACK, web.client.base_url.port or 0)))
        web.wait_for("/healthz", 503, seconds=5)
    web.wait_for("/healthz", 200, seconds=5)
