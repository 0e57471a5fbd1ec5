"""Pages, data and errors, with a stand-in for the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest
from psycopg_pool import PoolTimeout
from starlette.types import ASGIApp

from tests.unit.web.test_settings import ENVIRONMENT
from web_src import pages, queries
from web_src.app import create_app
from web_src.queries import File, Reject
from web_src.settings import Settings

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
NASTY = '<script>alert("x")</script>'


def file(file_id: int, **changes: Any) -> File:
    values: dict[str, Any] = {
        "file_id": file_id,
        "bucket": "landing",
        "key": f"incoming/{file_id}.csv",
        "version_id": "v1",
        "uploaded_at": NOW,
        "size_bytes": 1234,
        "status": "loaded",
        "reason": None,
        "rows_loaded": 1200,
        "rows_rejected": 1,
        "received_at": NOW,
        "finished_at": NOW,
    }
    return File(**(values | changes))


class Pool:
    """Stands in for the pool: raises, where it should, what a database that is away makes it raise."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.files = [file(number) for number in range(1, 121)]
        self.rejects = [
            Reject(line_number=number, raw=NASTY, reasons=["quantity is missing"]) for number in range(2, 152)
        ]

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Pool]:
        if self.error:
            raise self.error
        yield self


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    pool = Pool()

    async def files(_: object, *, before: int, limit: int) -> list[File]:
        return [each for each in reversed(pool.files) if each.file_id < before][:limit]

    async def one(_: object, file_id: int) -> File | None:
        return next((each for each in pool.files if each.file_id == file_id), None)

    async def rejects(_: object, file_id: int, *, after: int, limit: int) -> list[Reject]:
        return [each for each in pool.rejects if each.line_number > after][:limit]

    async def answers(_: object) -> None:
        pass

    for name, stand_in in (("files", files), ("file", one), ("rejects", rejects), ("answers", answers)):
        monkeypatch.setattr(queries, name, stand_in)
    return pool


class Client:
    """Asks the app itself, with no server between."""

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        """The answer to one request."""

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://app") as client:
                return await client.get(path, headers=headers)

        return asyncio.run(ask())


@pytest.fixture
def client(pool: Pool) -> Client:
    return Client(create_app(Settings.from_env(ENVIRONMENT), pool))  # type: ignore[arg-type]


def test_the_first_page_lists_the_newest_files_and_links_to_older_ones(client: Client) -> None:
    text = client.get("/").text
    assert "incoming/120.csv" in text
    assert "incoming/71.csv" in text
    assert "incoming/70.csv" not in text
    assert 'href="/?before=71"' in text
    assert "1,200" in text
    assert "2026-11-20 10:30:00 UTC" in text


def test_following_older_files_shows_each_file_once(client: Client) -> None:
    seen: list[int] = []
    before = ""
    while True:
        answer = client.get(f"/api/files?limit=50{before}").json()
        seen += [each["file_id"] for each in answer["files"]]
        if answer["next_before"] is None:
            break
        before = f"&before={answer['next_before']}"
    assert seen == list(range(120, 0, -1))


def test_an_empty_list_says_what_to_do(client: Client, pool: Pool) -> None:
    pool.files = []
    text = client.get("/").text
    assert "No files yet" in text
    assert "s3://landing/incoming/" in text


def test_a_file_shows_its_rejects_with_line_reasons_and_raw_text(client: Client) -> None:
    text = client.get("/files/7").text
    assert "incoming/7.csv" in text
    assert "quantity is missing" in text
    assert f"?after={pages.PAGE_REJECTS + 1}#rejects" in text


def test_what_a_file_holds_is_shown_and_never_run(client: Client, pool: Pool) -> None:
    pool.files = [file(1, key=NASTY, reason=NASTY, version_id=NASTY)]
    for page in (client.get("/").text, client.get("/files/1").text):
        assert "&lt;script&gt;" in page
        assert "<script" not in page


@pytest.mark.parametrize("path", ["/", "/files/7", "/readyz"])
@pytest.mark.parametrize("error", [PoolTimeout("busy"), psycopg.OperationalError("away")])
def test_a_database_that_is_away_is_said_with_when_to_retry(
    client: Client, pool: Pool, path: str, error: Exception
) -> None:
    pool.error = error
    answer = client.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "The database is away" in answer.text


def test_the_process_is_up_while_the_database_is_away(client: Client, pool: Pool) -> None:
    pool.error = psycopg.OperationalError("away")
    assert client.get("/healthz").text == "ok\n"
    pool.error = None
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "no page at this address"),
        ("/files/999", 404, "no file with the number 999"),
        ("/files/seven", 422, "file_id"),
        ("/files/0", 422, "file_id"),
        ("/files/99999999999999999999", 422, "file_id"),
        ("/?before=x", 422, "before"),
        ("/files/7?after=-1", 422, "after"),
        ("/static/nothing.css", 404, "no page at this address"),
    ],
)
def test_a_wrong_address_gets_a_page_that_says_what_is_wrong(
    client: Client, path: str, status: int, words: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert words in answer.text
    assert "<h1>" in answer.text


def test_a_wrong_address_below_api_gets_json(client: Client) -> None:
    assert client.get("/api/files?limit=0").json()["message"].startswith("limit: ")
    assert client.get("/api/nothing").json()["error"] == "Not found"


def test_a_fault_of_ours_gets_a_page_without_its_details(client: Client, pool: Pool) -> None:
    pool.error = RuntimeError("inner detail")
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "inner detail" not in answer.text


@pytest.mark.parametrize("path", ["/", "/files/7", "/nowhere", "/healthz", "/api/files", "/static/app.css", "/broken"])
def test_every_answer_has_the_security_headers(client: Client, pool: Pool, path: str) -> None:
    if path == "/broken":
        pool.error, path = RuntimeError(), "/"
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Strict-Transport-Security" not in headers


def test_browsers_are_held_to_https_where_it_is_there(client: Client) -> None:
    headers = client.get("/", headers={"X-Forwarded-Proto": "https"}).headers
    assert "max-age" in headers["Strict-Transport-Security"]


def test_pages_are_not_stored_and_static_files_are(client: Client) -> None:
    assert client.get("/").headers["Cache-Control"] == "no-store"
    assert "immutable" in client.get("/static/app.css?v=1").headers["Cache-Control"]
    assert client.get("/static/gone.css").headers["Cache-Control"] == "no-store"


def test_pages_fetch_nothing_from_elsewhere_and_have_no_inline_style_or_script(client: Client) -> None:
    for path in ("/", "/files/7", "/nowhere"):
        text = client.get(path).text
        assert "http://" not in text.replace("http://www.w3.org", "")
        assert "https://" not in text
        assert "style=" not in text
        assert "<script" not in text


def test_the_data_is_described_by_openapi(client: Client) -> None:
    assert list(client.get("/api/openapi.json").json()["paths"]) == ["/api/files"]
    assert client.get("/docs").status_code == 404
