"""Pages and errors."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

import psycopg
import pytest
from botocore.exceptions import NoCredentialsError
from psycopg_pool import PoolTimeout

from tests.support.web.stand_ins import NASTY, Client, Database, file, version
from web_src import inputs

PAGES = ("/", "/files", "/files/7", "/orders", "/orders/A-001", "/upload", "/api", "/nowhere")


def test_the_overview_shows_today_the_orders_of_each_day_and_the_newest_files(client: Client) -> None:
    text = client.get("/").text
    assert "144,000" in text
    assert "50 orders placed from 24 Oct 2026 to 20 Nov 2026, the most on 20 Nov 2026: 40." in text
    assert text.count("<rect ") == 28
    assert '<a href="/orders?until=2026-11-18">18 Nov 2026</a></th><td class="number">10</td>' in text
    assert "120.csv" in text
    assert "/110.csv" not in text


def test_an_empty_shop_says_what_to_do(client: Client, database: Database) -> None:
    database.files, database.days, database.all_orders = [], [], []
    overview = client.get("/").text
    assert "No orders yet" in overview
    assert "No files yet" in overview
    assert 'href="/upload"' in overview
    assert "No files yet" in client.get("/files").text
    assert "No orders yet" in client.get("/orders").text


def test_following_the_links_shows_each_file_once(client: Client) -> None:
    assert _rows(client, "/files", r'href="/files/(\d+)"') == [str(number) for number in range(120, 0, -1)]


def test_following_the_links_shows_each_order_once(client: Client) -> None:
    newest_first = [f"A-{number:03}" for number in reversed(range(120))]
    assert _rows(client, "/orders", r'href="/orders/([^"?]+)"') == newest_first


def test_following_the_links_of_a_search_shows_each_match_once(client: Client) -> None:
    matches = [f"A-{number:03}" for number in range(100)]
    assert _rows(client, "/orders?search=A-0", r'href="/orders/([^"?]+)"') == matches


def _rows(client: Client, path: str, pattern: str) -> list[str]:
    """What the pattern finds in the tables of this page and of those that follow it."""
    seen: list[str] = []
    while True:
        text = client.get(path).text
        seen += re.findall(pattern, text.partition("<tbody")[2].partition("</tbody>")[0])
        following = re.search(r'href="([^"]+)" rel="next"', text)
        if not following:
            return seen
        path = unescape(following[1])


def test_filters_are_shown_in_the_form_and_kept_from_page_to_page(client: Client, database: Database) -> None:
    database.files = [file(number, status="refused", key=f"incoming/x/a&b {number}.csv") for number in range(1, 61)]
    text = client.get("/files?" + urlencode({"status": "refused", "search": "a&b"})).text
    assert '<option value="refused" selected>' in text
    assert 'value="a&amp;b"' in text
    assert 'href="/files?status=refused&amp;search=a%26b&amp;before=11" rel="next"' in text


def test_a_file_shows_its_versions_and_its_rejects_with_line_reasons_and_raw_text(
    client: Client, database: Database
) -> None:
    database.files.append(version(database.files[6], file_id=999, version_id="v2", status="superseded"))
    text = client.get("/files/7").text
    assert "7.csv" in text
    assert 'href="/files/999"' in text
    assert "Superseded" in text
    assert "quantity is missing" in text
    assert f"?after={inputs.PAGE_REJECTS + 1}#rejects" in text


def test_an_order_names_its_file_and_its_total(client: Client) -> None:
    text = client.get("/orders/A-001").text
    assert "37.50 EUR" in text
    assert '<a href="/files/7">incoming/7.csv</a>' in text


def test_what_files_and_orders_hold_is_shown_and_never_run(client: Client, database: Database) -> None:
    database.files = [file(7, key=NASTY, reason=NASTY, version_id=NASTY)]
    for path in ("/", "/files", "/files/7", "/orders/A-001"):
        page = client.get(path).text
        assert "&lt;script&gt;" in page
        assert "<script>" not in page


@pytest.mark.parametrize("path", ["/", "/files", "/files/7", "/files/7/rejects.csv", "/orders", "/readyz"])
@pytest.mark.parametrize("error", [PoolTimeout("busy"), psycopg.OperationalError("away")])
def test_a_database_that_is_away_is_said_with_when_to_retry(
    client: Client, database: Database, path: str, error: Exception
) -> None:
    database.error = error
    answer = client.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "The database is away" in answer.text


def test_the_process_is_up_while_the_database_is_away(client: Client, database: Database) -> None:
    database.error = psycopg.OperationalError("away")
    assert client.get("/healthz").text == "ok\n"
    database.error = None
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "no page at this address"),
        ("/files/999", 404, "no file with the number 999"),
        ("/files/999/rejects.csv", 404, "no file with the number 999"),
        ("/files/seven", 422, "file_id"),
        ("/files/0", 422, "file_id"),
        ("/files/99999999999999999999", 422, "file_id"),
        ("/files?before=x", 422, "before"),
        ("/files?status=odd", 422, "status"),
        ("/files?search=%00", 422, "search"),
        ("/files/7?after=-1", 422, "after"),
        ("/orders/none", 404, "no order with the id none"),
        ("/orders?until=yesterday", 422, "until"),
        ("/orders?until=2026-11-20&search=A", 422, "until: Value error, can&#39;t be combined with a search"),
        ("/orders?before=2026-11-20T10:00:00", 422, "before"),
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


def test_form_fields_that_were_left_empty_count_as_absent(client: Client) -> None:
    for path in ("/files?search=&status=", "/orders?search=", "/orders?until="):
        assert client.get(path).status_code == 200


def test_the_last_day_there_is_can_be_asked_for(client: Client) -> None:
    assert client.get("/orders?until=9999-12-31").status_code == 200


def test_a_fault_of_ours_gets_a_page_without_its_details(client: Client, database: Database) -> None:
    database.error = RuntimeError("inner detail")
    answer = client.get("/files")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "inner detail" not in answer.text


def test_without_credentials_uploads_are_answered_with_when_to_retry(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise NoCredentialsError

    monkeypatch.setattr("web_src.uploads.Uploads.sign", none)
    answer = client.ask("POST", "/api/uploads", json={"name": "a.csv", "size": 1})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", [*PAGES, "/healthz", "/api/files", "/static/app.css", "/broken"])
def test_every_answer_has_the_security_headers(client: Client, database: Database, path: str) -> None:
    if path == "/broken":
        database.error, path = RuntimeError(), "/"
    headers = client.get(path).headers
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self' https://landing.s3.eu-central-1.amazonaws.com"
    assert policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_browsers_are_held_to_https_where_it_is_there(client: Client) -> None:
    headers = client.get("/", headers={"X-Forwarded-Proto": "https"}).headers
    assert "max-age" in headers["Strict-Transport-Security"]


def test_pages_are_not_stored_and_static_files_are(client: Client) -> None:
    assert client.get("/").headers["Cache-Control"] == "no-store"
    assert "immutable" in client.get("/static/app.css?v=1").headers["Cache-Control"]
    assert client.get("/static/gone.css?v=1").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_pages_fetch_nothing_from_elsewhere_and_have_no_inline_style_or_script(client: Client, path: str) -> None:
    text = client.get(path).text
    assert "http://" not in text
    assert "https://" not in text
    assert "style=" not in text
    assert re.findall(r"<style|<script(?! src=\"/static/)| on\w+=", text) == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_form_is_refused(client: Client, site: str) -> None:
    answer = client.ask("POST", "/sign-out", headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert "came from another site" in answer.text


def test_without_sign_in_there_is_nothing_to_sign_out_of(client: Client) -> None:
    assert client.ask("POST", "/sign-out").status_code == 404
    assert "Sign out" not in client.get("/").text


def test_the_wrong_method_is_told_the_right_one(client: Client) -> None:
    answer = client.ask("DELETE", "/files/7")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (256 * 1024**2, "256 MiB"), (5 * 1024**3, "5 GiB")],
)
def test_sizes_are_short_and_exact(client: Client, database: Database, size: int, shown: str) -> None:
    database.files = [file(7, size_bytes=size)]
    assert f"<dd>{shown}</dd>" in client.get("/files/7").text


def test_no_page_sends_people_to_the_host_that_their_request_names(client: Client) -> None:
    answer = client.get("/files/", headers={"Host": "evil.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers
