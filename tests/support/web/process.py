"""Runs the web app as a process, with the command that systemd uses."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import httpx

from local_cloud.ports import free_port
from local_cloud.postgres import PostgresEndpoint
from local_cloud.state import CHECKOUT

START_SECONDS = 30.0


class WebProcess:
    """A running web app; `environment` is added to the required variables."""

    def __init__(
        self, server: PostgresEndpoint, database: str, log: Path, *, environment: dict[str, str] | None = None
    ) -> None:
        port = free_port()
        variables = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": "lambda_src",  # for the package `common`, which the app's asset contains
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "ALLOWED_HOSTS": "orders.example.com",
            "DATABASE_HOST": server.host,
            "DATABASE_PORT": str(server.port),
            "DATABASE_NAME": database,
            "DATABASE_USER": "web",
            "DATABASE_CA_BUNDLE": str(server.ca_bundle),
            "LANDING_BUCKET": "landing",
            "INCOMING_PREFIX": "incoming/",
            "HOST": "127.0.0.1",
            "PORT": str(port),
        }
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "web_src"],
                cwd=CHECKOUT,
                env=variables | (environment or {}),
                stdout=output,
                stderr=output,
            )
        self.url = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.url, timeout=10)

    def status(self, path: str) -> int:
        """The status of the response, 0 if there is no response."""
        try:
            return self.client.get(path).status_code
        except httpx.TransportError:
            return 0

    def wait_for(self, path: str, status: int, *, seconds: float) -> None:
        """Repeat the request until the response has that status."""
        deadline = time.monotonic() + seconds
        while self.status(path) != status:
            assert time.monotonic() < deadline, f"{path} never answered {status}"
            time.sleep(0.1)

    def stop(self) -> int:
        """Stop the app as systemd does."""
        self.client.close()
        self.process.terminate()
        return self.process.wait(30)

    def __enter__(self) -> WebProcess:
        self.wait_for("/healthz", 200, seconds=START_SECONDS)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
