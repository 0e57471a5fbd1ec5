"""The web app as it is started on an instance, on a real PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from local_cloud.ports import free_port
from local_cloud.postgres import PostgresServer
from tests.integration.database.conftest import Pipeline, Shop, csv

CHECKOUT = Path(__file__).resolve().parents[3]
START_SECONDS = 20.0
RECOVERY_SECONDS = 15.0


class Web:
    """The app in a process of its own."""

    def __init__(self, shop: Shop, log: Path) -> None:
        port = free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "DATABASE_HOST": shop.server.host,
            "DATABASE_PORT": str(shop.server.port),
            "DATABASE_NAME": shop.name,
            "DATABASE_USER": "web",
            "DATABASE_CA_BUNDLE": str(shop.server.ca_bundle),
            "LANDING_BUCKET": "landing",
            "INCOMING_PREFIX": "incoming/",
            "HOST": "127.0.0.1",
            "PORT": str(port),
        }
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "web_src"], cwd=CHECKOUT, env=environment, stdout=output, stderr=output
            )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)

    def status(self, path: str) -> int:
        """What the app answers, 0 while it does not."""
        try:
            return self.client.get(path).status_code
        except httpx.TransportError:
            return 0

    def wait_for(self, path: str, status: int, *, seconds: float) -> None:
        """Ask until the answer is that."""
        deadline = time.monotonic() + seconds
        while self.status(path) != status:
            assert time.monotonic() < deadline, f"{path} never answered {status}"
            time.sleep(0.1)

    def stop(self) -> int:
        """Stop it as systemd does."""
        self.client.close()
        self.process.terminate()
        return self.process.wait(30)


@pytest.fixture
def web(shop: Shop, tmp_path: Path) -> Iterator[Web]:
    web = Web(shop, tmp_path / "web.log")
    web.wait_for("/healthz", 200, seconds=START_SECONDS)
    yield web
    web.stop()


def test_pages_show_what_the_intake_loaded(pipeline: Pipeline, web: Web) -> None:
    put = pipeline.put("incoming/a.csv", csv(("A", 1), ("B", 0)), at=1)
    pipeline.intake().take_in(put)
    (file,) = web.client.get("/api/files").json()["files"]
    assert (file["key"], file["status"], file["rows_loaded"], file["rows_rejected"]) == (
        "incoming/a.csv",
        "loaded",
        1,
        1,
    )
    assert "incoming/a.csv" in web.client.get("/").text
    page = web.client.get(f"/files/{file['file_id']}").text
    assert "quantity &#34;0&#34; must be a whole number from 1 to 1,000,000" in page
    assert "B,ada@example.com,MUG,0" in page
    assert web.status("/readyz") == 200
    assert web.status("/files/999999") == 404


def test_the_app_survives_a_restart_of_its_database_without_one_of_its_own(web: Web, postgres: PostgresServer) -> None:
    assert web.status("/") == 200
    postgres.stop()
    try:
        assert web.status("/") == 503
        assert web.status("/readyz") == 503
        assert web.status("/healthz") == 200
    finally:
        postgres.start()
    web.wait_for("/", 200, seconds=RECOVERY_SECONDS)
    assert web.process.poll() is None


def test_the_app_starts_while_its_database_is_away(shop: Shop, postgres: PostgresServer, tmp_path: Path) -> None:
    postgres.stop()
    web = Web(shop, tmp_path / "web.log")
    try:
        web.wait_for("/healthz", 200, seconds=START_SECONDS)
        assert web.status("/readyz") == 503
    finally:
        postgres.start()
    web.wait_for("/readyz", 200, seconds=RECOVERY_SECONDS)
    assert web.stop() in (0, -15)


def test_a_connection_that_was_cut_is_replaced_unseen(shop: Shop, web: Web) -> None:
    assert web.status("/") == 200
    with psycopg.connect(shop.server.url(), autocommit=True) as superuser:
        superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'web'")
    assert web.status("/") == 200


def test_a_missing_setting_is_said_without_a_traceback() -> None:
    command = [sys.executable, "-m", "web_src"]
    result = subprocess.run(command, cwd=CHECKOUT, env={}, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr == "web: the environment variable DATABASE_HOST must be set, and is not\n"
