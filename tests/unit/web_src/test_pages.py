"""Pages and errors."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest
from botocore.exceptions import NoCredentialsError
from psycopg_pool import PoolTimeout

from config.datasets import datasets
from tabular.declaration import load_datasets
from tests.support.web.fakes import SCRIPT, Client, FakeDatabase, file, order, version
from web_src import inputs

ORDERS = "/datasets/orders/rows"
ORDER = "/datasets/orders/row?order_id=A-001"
PAGES = ("/", "/files", "/files/7", "/datasets", "/datasets/orders", ORDERS, ORDER, "/upload", "/api", "/nowhere")


def test_the_overview_shows_todays_totals_rows_per_day_and_the_newest_files(client: Client) -> None:
    text = client.get("/").text
    assert "144,000" in text
    assert "50 rows, at most 40 a day (20 Nov 2026)" in text
    assert text.count("<rect ") == 28
    assert "120.csv" in text
    assert "/110.csv" not in text


def test_the_page_of_a_dataset_shows_its_rows_per_day(client: Client) -> None:
    text = client.get("/datasets/orders").text
    assert "50 rows from 24 Oct 2026 to 20 Nov 2026, by Placed. Busiest day: 20 Nov 2026, with 40." in text
    assert f'<a href="{ORDERS}?until=2026-11-18">18 Nov 2026</a></th><td class="number">10</td>' in text


def test_without_files_pages_link_to_the_upload(client: Client, database: FakeDatabase) -> None:
    database.files, database.days, database.rows = [], {}, {}
    overview = client.get("/").text
    assert "No rows yet" in overview
    assert "No files yet" in overview
    assert 'href="/upload"' in overview
    assert "No files yet" in client.get("/files").text
    assert "No rows yet" in client.get(ORDERS).text


def test_paging_through_files_shows_each_file_once(client: Client) -> None:
    assert _rows(client, "/files", r'href="/files/(\d+)"') == [str(number) for number in range(120, 0, -1)]


def test_paging_through_orders_shows_each_order_once(client: Client) -> None:
    newest_first = [f"A-{number:03}" for number in reversed(range(120))]
    assert _rows(client, ORDERS, _ORDER_LINK) == newest_first


def test_paging_through_search_results_shows_each_match_once(client: Client) -> None:
    matches = [f"A-{number:03}" for number in range(100)]
    assert _rows(client, f"{ORDERS}?search=A-0", _ORDER_LINK) == matches


_ORDER_LINK = r'href="/datasets/orders/row\?order_id=([^"]+)"'


def _rows(client: Client, path: str, pattern: str) -> list[str]:
    """The matches of the pattern in the tables of this page and all following pages."""
    seen: list[str] = []
    while True:
        text = client.get(path).text
        seen += re.findall(pattern, text.partition("<tbody")[2].partition("</tbody>")[0])
        following = re.search(r'href="([^"]+)" rel="next"', text)
        if not following:
            return seen
        path = unescape(following[1])


def test_filters_are_shown_in_the_form_and_kept_on_the_next_page(client: Client, database: FakeDatabase) -> None:
    database.files = [
        file(number, status="refused", key=f"incoming/orders/x/a&b {number}.csv") for number in range(1, 61)
    ]
    text = client.get("/files?" + urlencode({"status": "refused", "search": "a&b"})).text
    assert '<option value="refused" selected>' in text
    assert 'value="a&amp;b"' in text
    assert 'href="/files?status=refused&amp;search=a%26b&amp;before=11" rel="next"' in text


def test_a_file_shows_its_versions_and_its_rejected_rows_with_reasons(client: Client, database: FakeDatabase) -> None:
    database.files.append(version(database.files[6], file_id=999, version_id="v2", status="superseded"))
    text = client.get("/files/7").text
    assert "7.csv" in text
    assert 'href="/files/999"' in text
    assert "Superseded" in text
    assert "quantity is missing" in text
    assert f"?after={inputs.PAGE_REJECTS + 1}#rejects" in text


def test_a_withdrawn_file_shows_who_withdrew_it_when_and_why(client: Client, database: FakeDatabase) -> None:
    database.files[6] = file(7, status="withdrawn")
    database.rows["orders"] = []
    text = client.get("/files/7").text
    assert '<span class="badge withdrawn">Withdrawn</span>' in text
    assert "Withdrawn by <code>arn:aws:iam::111122223333:user/ada</code>" in text
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;</p>" in text
    assert "The rows of this file were withdrawn." in text
    assert "Withdrawn by" not in client.get("/files/8").text


def test_a_file_lists_every_row_that_came_from_it_page_by_page(client: Client, database: FakeDatabase) -> None:
    database.rows["orders"][3] = dict(database.rows["orders"][3]) | {"file_id": 8}
    shown, address = [], "/files/7"
    for _ in range(3):
        text = client.get(address).text
        shown += re.findall(r'href="/datasets/orders/row\?order_id=([^"]+)"', text)
        following = re.search(r'href="(/files/7\?rows_after=\d+)#rows" rel="next"', text)
        address = following[1] if following else ""
    assert not address
    assert shown == [f"A-{number:03}" for number in range(120) if number != 3]
    assert 'id="rows"' not in client.get(f"/files/{_file_of_no_dataset(database)}").text


def _file_of_no_dataset(database: FakeDatabase) -> int:
    database.files.append(file(888, dataset=None, status="refused"))
    return 888


def test_a_row_shows_its_source_file_and_its_amounts_with_the_decimals_of_their_currency(client: Client) -> None:
    text = client.get(ORDER).text
    assert "<dd>12.50 EUR</dd>" in text
    assert '<a href="/files/7">incoming/orders/7.csv</a>' in text


def test_text_from_files_is_escaped(client: Client, database: FakeDatabase) -> None:
    database.files = [file(7, key=SCRIPT, reason=SCRIPT, version_id=SCRIPT)]
    for path in ("/", "/files", "/files/7", ORDER):
        page = client.get(path).text
        assert "&lt;script&gt;" in page
        assert "<script>" not in page


@pytest.mark.parametrize(
    "path", ["/", "/files", "/files/7", "/files/7/rejects.csv", ORDERS, f"{ORDERS}.csv", "/readyz"]
)
@pytest.mark.parametrize("error", [PoolTimeout("busy"), psycopg.OperationalError("down")])
def test_an_unavailable_database_is_reported_with_a_time_to_retry(
    client: Client, database: FakeDatabase, path: str, error: Exception
) -> None:
    database.error = error
    response = client.get(path)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "The database is unavailable" in response.text


def test_a_value_that_the_database_cannot_read_is_an_invalid_value(client: Client, database: FakeDatabase) -> None:
    database.error = psycopg.DataError("invalid input syntax for type interval")
    response = client.get(ORDERS)
    assert response.status_code == 422
    assert "interval" not in response.text


def test_the_liveness_check_succeeds_while_the_database_is_unavailable(client: Client, database: FakeDatabase) -> None:
    database.error = psycopg.OperationalError("down")
    assert client.get("/healthz").text == "ok\n"
    database.error = None
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/nowhere", 404, "no page at this address"),
        ("/files/999", 404, "no file with ID 999"),
        ("/files/999/rejects.csv", 404, "no file with ID 999"),
        ("/files/seven", 422, "The ID of the file must be a whole number, not &#39;seven&#39;."),
        ("/files/0", 422, "The ID of the file must be 1 or more, not &#39;0&#39;."),
        ("/files/99999999999999999999", 422, "The ID of the file must be 9223372036854775807 or less"),
        ("/files?before=x", 422, "The position in the list must be a whole number, not &#39;x&#39;."),
        ("/files?status=odd", 422, "The status must be &#39;loaded&#39;, &#39;refused&#39;"),
        ("/files?search=%00", 422, "The search must not contain the character NUL."),
        (f"/files?search={'x' * 1025}", 422, "The search must have 1024 or fewer characters."),
        ("/files/7?after=-1", 422, "The position in the list must be 0 or more, not &#39;-1&#39;."),
        ("/files/7?rows_after=-1", 422, "The position in the list must be 0 or more, not &#39;-1&#39;."),
        ("/files/7?rows_after=281474976710656", 422, "The position in the list must be 281474976710655 or less"),
        ("/datasets/order", 404, f"no dataset order. The datasets are {', '.join(datasets())}."),
        ("/datasets/orders/row?order_id=none", 404, "no row with order_id none in Orders"),
        ("/datasets/orders/row", 422, "Order is missing."),
        ("/datasets/returns/row?return_id=R-1&line=one", 422, "Line must be a whole number, not &#39;one&#39;."),
        (f"{ORDERS}?until=yesterday", 422, "The last day must be a date such as 2026-03-31, not &#39;yesterday&#39;."),
        (f"{ORDERS}?until=0", 422, "The last day must be a date such as 2026-03-31, not &#39;0&#39;."),
        (f"{ORDERS}?until=2026-11-20&search=A", 422, "The last day can&#39;t be combined with a search"),
        (f"{ORDERS}?after=2026-11-20", 422, "The position in the list belongs to another list."),
        (f"{ORDERS}.csv?until=yesterday", 422, "The last day must be a date such as 2026-03-31"),
        ("/static/nothing.css", 404, "no page at this address"),
    ],
)
def test_an_invalid_address_gets_a_page_that_names_the_problem(
    client: Client, path: str, status: int, text: str
) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert text in response.text
    assert "<h1>" in response.text


def test_empty_form_fields_are_ignored(client: Client) -> None:
    for path in ("/files?search=&status=", f"{ORDERS}?search=", f"{ORDERS}?until="):
        assert client.get(path).status_code == 200


def test_the_latest_possible_date_is_accepted(client: Client) -> None:
    assert client.get(f"{ORDERS}?until=9999-12-31").status_code == 200


def test_an_unexpected_error_gets_a_page_without_details(client: Client, database: FakeDatabase) -> None:
    database.error = RuntimeError("inner detail")
    response = client.get("/files")
    assert response.status_code == 500
    assert "Something went wrong" in response.text
    assert "inner detail" not in response.text


def test_without_credentials_an_upload_request_is_answered_with_a_time_to_retry(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise NoCredentialsError

    monkeypatch.setattr("web_src.uploads.UploadSigner.sign", none)
    response = client.request("POST", "/api/uploads", json={"dataset": "orders", "name": "a.csv", "size": 1})
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", [*PAGES, "/healthz", "/api/files", "/static/app.css", "/broken"])
def test_every_response_has_the_security_headers(client: Client, database: FakeDatabase, path: str) -> None:
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


def test_browsers_are_told_to_use_https_when_the_request_came_over_https(client: Client) -> None:
    headers = client.get("/", headers={"X-Forwarded-Proto": "https"}).headers
    assert "max-age" in headers["Strict-Transport-Security"]


def test_static_files_are_cached_and_pages_are_not(client: Client) -> None:
    assert client.get("/").headers["Cache-Control"] == "no-store"
    assert "immutable" in client.get("/static/app.css?v=1").headers["Cache-Control"]
    assert client.get("/static/gone.css?v=1").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_pages_load_nothing_from_other_sites_and_have_no_inline_style_or_script(client: Client, path: str) -> None:
    text = client.get(path).text
    assert "http://" not in text
    assert "https://" not in text
    assert "style=" not in text
    assert re.findall(r"<style|<script(?! src=\"/static/)| on\w+=", text) == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_cross_site_request_is_blocked(client: Client, site: str) -> None:
    response = client.request("POST", "/sign-out", headers={"Sec-Fetch-Site": site})
    assert response.status_code == 403
    assert "came from another site" in response.text


def test_without_sign_in_there_is_no_sign_out(client: Client) -> None:
    assert client.request("POST", "/sign-out").status_code == 404
    assert "Sign out" not in client.get("/").text


def test_an_unsupported_method_is_answered_with_the_supported_ones(client: Client) -> None:
    response = client.request("DELETE", "/files/7")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", [*PAGES, f"{ORDERS}.csv", "/files/7/rejects.csv", "/api/files", "/static/app.css"])
def test_head_gets_the_status_and_the_headers_of_get_without_a_body(client: Client, path: str) -> None:
    got, head = client.get(path), client.request("HEAD", path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert dict(head.headers) == dict(got.headers)


def test_head_of_a_download_does_not_read_all_rows(client: Client, database: FakeDatabase) -> None:
    database.rows["orders"] = [order(number) for number in range(5000)]
    client.get(f"{ORDERS}.csv")
    all_connections, database.connections = database.connections, 0
    client.request("HEAD", f"{ORDERS}.csv")
    assert database.connections < all_connections / 2


def test_messages_for_people_have_no_words_of_programmers(client: Client) -> None:
    for table, fields in {each.name: each.fields for each in load_datasets(Path("datasets")).values()}.items():
        for column in fields:
            text = client.get(f"/datasets/{table}/row?{column.name}=%00&unknown=1").text
            for word in ("Input", "Field", "valid", "parse", "str", "integer", column.name + ":"):
                assert word not in re.sub("<title>.*</title>|Invalid value", "", text), (table, column.name, word)


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (256 * 1024**2, "256 MiB"), (5 * 1024**3, "5 GiB")],
)
def test_file_sizes_are_shown_in_a_readable_unit(client: Client, database: FakeDatabase, size: int, shown: str) -> None:
    database.files = [file(7, size_bytes=size)]
    assert f"<dd>{shown}</dd>" in client.get("/files/7").text


def test_no_redirect_uses_the_host_header(client: Client) -> None:
    response = client.get("/files/", headers={"Host": "localhost:1"})
    assert response.status_code == 404
    assert "location" not in response.headers
