"""Measures the web app's pages with a million orders, against a minimal page of the same framework and server."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import psycopg

from bench.figures import AtLeast, AtMost, Figure
from bench.web.load import LoadResult, send_requests
from local_cloud import toolchain
from local_cloud.ports import free_port
from local_cloud.postgres import LocalPostgres, PostgresEndpoint

CONNECTIONS = 50
ROUNDS = 3
SECONDS = 4.0
START_SECONDS = 30.0
THROUGHPUT = AtLeast(target=0.35, goal=0.35)
P99 = AtMost(target=4.0, goal=4.0)
ORDERS, FILES, REJECTED = 1_000_000, 20_000, 200
OVERVIEW = "overview"
DATABASE = "bench"
# Many addresses of each kind, so that only the overview and the first pages are requested twice in a row.
PAGES = {
    OVERVIEW: ["/"],
    "files": ["/files"],
    "files, older pages": [f"/files?before={number}" for number in range(FILES, 1000, -71)],
    "file with rejects": [f"/files/{number}" for number in range(1, FILES, 71)],
    "dataset": ["/datasets/orders"],
    "rows": ["/datasets/orders/rows"],
    "rows by key": [f"/datasets/orders/rows?search=A-{number:04}" for number in range(1, 1000, 7)],
    "row": [f"/datasets/orders/row?order_id=A-{number:07}" for number in range(1, ORDERS, 7919)],
}
_FILL = f"""
    INSERT INTO files (bucket, key, version_id, dataset, uploaded_at, size_bytes, status, rows_loaded, rows_rejected,
                       received_at, finished_at)
    SELECT 'landing', 'incoming/orders/' || md5(n::text) || '/orders-' || n || '.csv', 'v' || n, 'orders', at, 5000,
           'loaded', 50,
           CASE WHEN n % 71 = 1 THEN {REJECTED} ELSE 0 END, at, at
    FROM generate_series(1, {FILES}) AS n, LATERAL (SELECT now() - ({FILES} - n) * interval '26 minutes' AS at) AS time;
    INSERT INTO rejected_rows
    SELECT n, line, 'A-1,ada@example.com,MUG,0,12.50,EUR,2026-03-31T14:05:00Z,',
           ARRAY['quantity "0" must be a whole number from 1 to 1,000,000']
    FROM generate_series(1, {FILES}, 71) AS n, generate_series(2, {REJECTED + 1}) AS line;
    INSERT INTO orders
    SELECT 'A-' || lpad(n::text, 7, '0'), 'customer' || n % 9999 || '@example.com', 'MUG-RED', 1 + n % 9, 12.50, 'EUR',
           now() - (n::bigint * 7919 % {ORDERS}) * interval '31.5 seconds', NULL, 1 + n % {FILES}
    FROM generate_series(1, {ORDERS}) AS n;
"""  # noqa: S608 - constants only
_MIGRATE = """
import sys, pathlib, psycopg
from tabular.declaration import load_datasets
from schema_migration.migrate import migrate
datasets = list(load_datasets(pathlib.Path("../datasets")))
migrate(psycopg.connect(sys.argv[1]), seconds=60, datasets=datasets)
"""


def measure() -> list[Figure]:
    """Compare each page with the reference; the two are measured in turn."""
    toolchain.prepare(print)
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalPostgres(Path(folder), venv=toolchain.SERVICES_VENV) as postgres,
    ):
        _fill(postgres.server)
        with (
            _running(["-m", "web_src"], _environment(postgres.server)) as web_port,
            _running(["-m", "bench.web.hello"]) as hello_port,
        ):
            return [figure for name, paths in PAGES.items() for figure in _compare(name, web_port, paths, hello_port)]


def _compare(name: str, web_port: int, paths: list[str], hello_port: int) -> list[Figure]:
    rounds: list[tuple[LoadResult, LoadResult]] = []
    for port, targets in ((web_port, paths), (hello_port, ["/"])):
        send_requests(port, targets, connections=CONNECTIONS, seconds=1.0)  # warm-up, not measured
    for _ in range(ROUNDS):
        reference = send_requests(hello_port, ["/"], connections=CONNECTIONS, seconds=SECONDS)
        rounds.append((send_requests(web_port, paths, connections=CONNECTIONS, seconds=SECONDS), reference))
    return [
        Figure(
            name=f"{name}: requests per second, relative to hello",
            values=[page.requests_per_second / reference.requests_per_second for page, reference in rounds],
            limit=THROUGHPUT if name == OVERVIEW else None,
        ),
        Figure(
            name=f"{name}: p99, relative to hello",
            values=[page.p99_ms / reference.p99_ms for page, reference in rounds],
            limit=P99 if name == OVERVIEW else None,
        ),
        Figure(name=f"{name}: requests per second", values=[page.requests_per_second for page, _ in rounds]),
        Figure(name=f"{name}: p99", values=[page.p99_ms for page, _ in rounds], unit="ms"),
    ]


def _fill(server: PostgresEndpoint) -> None:
    server.create_master_user("administrator", "for this run", database=DATABASE)
    url = server.url(user="administrator", password="for this run", database=DATABASE)  # noqa: S106 - no secret
    subprocess.run([sys.executable, "-c", _MIGRATE, url], check=True, cwd="lambda_src")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_FILL)
        connection.execute("VACUUM ANALYZE")


def _environment(server: PostgresEndpoint) -> dict[str, str]:
    return {
        "PYTHONPATH": "lambda_src",  # `common`, which the app's asset contains too
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "DATABASE_HOST": server.host,
        "DATABASE_PORT": str(server.port),
        "DATABASE_NAME": DATABASE,
        "DATABASE_USER": "web",
        "DATABASE_CA_BUNDLE": str(server.ca_bundle),
        "LANDING_BUCKET": "landing",
        "INCOMING_PREFIX": "incoming/",
        "HOST": "127.0.0.1",
    }


@contextlib.contextmanager
def _running(program: list[str], environment: dict[str, str] | None = None) -> Iterator[int]:
    """Run the program, and yield the port on which it listens."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, *program, str(port)],
        env={"PATH": os.environ["PATH"], "PORT": str(port), **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"bench: {' '.join(program)} did not start")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()
