"""The upload page says what happens while files are sent, also if something is unavailable, and recovers by itself."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, FilePayload, Locator, Page, Route, expect

from local_cloud.postgres import LocalPostgres
from tests.integration.database.conftest import Shop
from tests.integration.web.conftest import OpenPage
from tests.support.web.process import WebProcess

BUCKET = "https://landing.s3.us-east-1.amazonaws.com/"
SECONDS = 1000
SAID_WITHIN = 12 * SECONDS
RECOVERED_WITHIN = 20 * SECONDS


class Bucket:
    """Takes the place of S3: receives files when it is told to."""

    def __init__(self, page: Page) -> None:
        self._waiting: list[Route] = []
        page.route(BUCKET, self._hold)

    def _hold(self, route: Route) -> None:
        self._waiting.append(route)

    def receive(self, page: Page) -> None:
        """Let all uploads end with success."""
        while not self._waiting:
            page.wait_for_timeout(50)
        while self._waiting:
            self._waiting.pop().fulfill(status=204, headers={"Access-Control-Allow-Origin": "*"})


@pytest.fixture
def page(web: WebProcess, open_page: OpenPage) -> Page:
    """The upload page. Requests that fail are what these tests are about, so the console may report them."""
    page = open_page(f"{web.url}/upload?dataset=orders", expect_errors=True)
    page.get_by_role("heading", level=1).click()  # browsers ask before leaving only if somebody has used the page
    return page


def _choose(page: Page, name: str) -> Locator:
    page.locator("#files").set_input_files([FilePayload(name=name, mimeType="text/csv", buffer=b"a,b\n1,2\n")])
    return page.get_by_role("listitem").filter(has_text=name)


def _key(page: Page, do: Callable[[], object]) -> str:
    """The key of the file that is uploaded meanwhile."""
    with page.expect_response("**/api/uploads") as response:
        do()
    return str(response.value.json()["key"])


def _load(filled: Shop, key: str) -> None:
    """Pretend that ingestion has loaded the file."""
    with filled.connect() as connection:
        connection.execute(
            "INSERT INTO files (bucket, key, version_id, dataset, uploaded_at, size_bytes, status, rows_loaded,"
            " rows_rejected, finished_at) VALUES ('landing', %s, %s, 'orders', now(), 1, 'loaded', 1, 0, now())",
            [key, uuid.uuid4().hex],
        )


def test_leaving_while_a_file_is_sent_asks_first(page: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    bucket = Bucket(page)
    item = _choose(page, "slow.csv")
    expect(item).to_contain_text("Uploading")
    page.close(run_before_unload=True)
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert not page.is_closed()
    bucket.receive(page)
    expect(item).to_contain_text("Uploaded.")
    page.close(run_before_unload=True)  # the file is in the bucket, so nothing is lost
    page.wait_for_event("close") if not page.is_closed() else None
    assert asked == ["beforeunload"]


def test_a_file_that_is_dropped_beside_the_box_does_not_replace_the_page(page: Page, tmp_path: Path) -> None:
    (tmp_path / "beside.csv").write_text("a,b\n")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    address = page.url
    browser = page.context.new_cdp_session(page)
    for step in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(tmp_path / "beside.csv")], "dragOperationsMask": 1}
        browser.send("Input.dispatchDragEvent", {"type": step, "x": 5, "y": 5, "data": data})
    expect(page.get_by_role("alert")).to_have_text("Nothing was uploaded. Drop files inside this box.")
    page.wait_for_timeout(300)
    assert page.url == address
    assert requests == []
    Bucket(page)
    _choose(page, "inside.csv")
    expect(page.get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize(
    ("name", "stored"),
    [("orders$2026#1.csv", "orders_2026_1.csv"), (f"{'x' * 130}.csv", f"{'x' * 116}.csv"), ("cafe\u0301.csv", None)],
)
def test_a_name_that_the_app_changes_is_shown(page: Page, name: str, stored: str | None) -> None:
    bucket = Bucket(page)
    item = _choose(page, name)
    bucket.receive(page)
    expect(item).to_contain_text("Uploaded.")
    note = item.locator(".note")
    if stored:
        expect(note).to_contain_text(f"Stored as {stored}: ")
    else:
        expect(note).to_be_hidden()


def test_an_unavailable_database_is_said_and_the_page_recovers(
    page: Page, postgres: LocalPostgres, filled: Shop
) -> None:
    bucket = Bucket(page)
    key = _key(page, lambda: _choose(page, "during.csv"))
    item = page.get_by_role("listitem").filter(has_text="during.csv")
    postgres.stop()
    try:
        bucket.receive(page)
        expect(item).to_contain_text("Uploaded. The database is unavailable. Trying again…", timeout=SAID_WITHIN)
    finally:
        postgres.start()
    expect(item).to_contain_text("Uploaded. Processing…", timeout=RECOVERED_WITHIN)
    _load(filled, key)
    expect(item).to_contain_text("Loaded: 1 row", timeout=RECOVERED_WITHIN)


def test_an_app_that_does_not_answer_is_said_and_the_page_recovers(page: Page, web: WebProcess, filled: Shop) -> None:
    bucket = Bucket(page)
    os.kill(web.process.pid, signal.SIGSTOP)
    try:
        item = _choose(page, "hanging.csv")
        expect(item).to_contain_text("The web app does not answer. Trying again…", timeout=SAID_WITHIN)
    finally:
        with page.expect_response("**/api/uploads", timeout=RECOVERED_WITHIN) as response:
            os.kill(web.process.pid, signal.SIGCONT)
    bucket.receive(page)
    expect(item).to_contain_text("Uploaded. Processing…", timeout=RECOVERED_WITHIN)
    _load(filled, response.value.json()["key"])
    expect(item).to_contain_text("Loaded: 1 row", timeout=RECOVERED_WITHIN)


ABSENT: dict[str, Callable[[Route], None]] = {
    "no connection": lambda route: route.abort("connectionrefused"),
    "502 of the load balancer": lambda route: route.fulfill(status=502, body="<html>"),
    "504 of the load balancer": lambda route: route.fulfill(status=504, body="<html>"),
}


@pytest.mark.parametrize("answer", ABSENT.values(), ids=list(ABSENT))
def test_an_app_that_is_away_is_said_and_the_page_recovers(page: Page, answer: Callable[[Route], None]) -> None:
    page.route("**/api/uploads", answer, times=1)
    bucket = Bucket(page)
    item = _choose(page, "early.csv")
    expect(item).to_contain_text("The web app does not answer. Trying again…")
    bucket.receive(page)
    expect(item).to_contain_text("Uploaded. Processing…")
