"""The web app as a process of its own, with a real PostgreSQL."""

from __future__ import annotations

import asyncio
import csv as csv_module
import html
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unicodedata import normalize

import httpx
import psycopg
import pytest

from local_cloud.postgres import LocalPostgres
from local_cloud.state import CHECKOUT
from tests.integration.database.conftest import Pipeline, Shop, csv
from tests.support.web.fakes import ENVIRONMENT
from tests.support.web.process import START_SECONDS, WebProcess
from web_src.app import OVERVIEW_MAX_AGE_SECONDS
from web_src.database import MAX_CONNECTIONS

RECOVERY_SECONDS = 15.0


@pytest.fixture
def web(shop: Shop, tmp_path: Path) -> Iterator[WebProcess]:
    with WebProcess(shop.server, shop.name, tmp_path / "web.log") as web:
        yield web


def test_pages_show_what_the_ingestion_function_loaded(pipeline: Pipeline, web: WebProcess) -> None:
    put = pipeline.put("incoming/orders/x/Orders.csv", csv(("A", 1), ("B", 0)), at=1)
    pipeline.loader().load(put)
    (file,) = web.client.get("/api/files").json()["files"]
    assert (file["key"], file["status"], file["rows_loaded"], file["rows_rejected"]) == (
        "incoming/orders/x/Orders.csv",
        "loaded",
        1,
        1,
    )
    assert "Orders.csv" in web.client.get("/").text
    page = web.client.get(f"/files/{file['file_id']}").text
    assert "quantity &#34;0&#34; must be a whole number from 1 to 1,000,000" in page
    assert '<div class="wrong"><dt>quantity</dt><dd>0</dd></div>' in page
    assert "<div><dt>sku</dt><dd>MUG</dd></div>" in page
    rejects = web.client.get(f"/files/{file['file_id']}/rejects.csv").content.decode("utf-8-sig")
    (row,) = csv_module.DictReader(io.StringIO(rejects))
    assert (row["rejected_line"], row["order_id"], row["quantity"]) == ("3", "B", "0")
    assert row["rejected_row"].startswith("B,ada@example.com,MUG,0")
    assert "12.50 EUR" in web.client.get("/datasets/orders/row?order_id=A").text
    assert web.status("/readyz") == 200
    assert web.status("/files/999999") == 404
    assert web.status("/datasets/orders/row?order_id=B") == 404


def test_the_page_of_a_file_lists_the_rows_that_no_other_file_has_replaced(pipeline: Pipeline, web: WebProcess) -> None:
    ids = [f"A-{number:03}" for number in range(120)]
    pipeline.loader().load(pipeline.put("incoming/orders/a.csv", csv(*((each, 1) for each in ids)), at=1))
    pipeline.loader().load(pipeline.put("incoming/orders/b.csv", csv(("A-007", 2), ("B", 1)), at=2))
    newer, older = (file["file_id"] for file in web.client.get("/api/files").json()["files"])
    pages = [web.client.get(f"/files/{older}").text]
    while more := re.search(rf'href="/files/{older}(\?rows_after=\d+)#rows" rel="next"', pages[-1]):
        pages.append(web.client.get(f"/files/{older}{more[1]}").text)
    shown = [re.findall(r'row"><a href="/datasets/orders/row\?order_id=([^"]+)"', page) for page in pages]
    assert [each for page in shown for each in page] == [each for each in ids if each != "A-007"]
    assert len(pages) == 3
    assert "order_id=A-007" in web.client.get(f"/files/{newer}").text


def test_numbers_in_json_are_not_rounded(pipeline: Pipeline, web: WebProcess) -> None:
    attributes = '{"a": 0.12345678901234567890123, "b": 1.50, "c": 9007199254740993}'
    product = f'{{"sku": "MUG", "title": "Mug", "price": 1, "active": true, "attributes": {attributes}}}\n'
    pipeline.loader().load(pipeline.put("incoming/products/a.jsonl", product.encode(), at=1))
    found = web.client.get("/api/datasets/products/row?sku=MUG").json()["attributes"]
    assert found == {"a": "0.12345678901234567890123", "b": 1.5, "c": 9007199254740993}
    (row,) = csv_module.DictReader(io.StringIO(web.client.get("/datasets/products/rows.csv").text))
    assert row["attributes"] == attributes
    assert attributes in html.unescape(web.client.get("/datasets/products/row?sku=MUG").text)


def test_paging_through_search_results_returns_each_match_once(pipeline: Pipeline, web: WebProcess) -> None:
    keys = [f"incoming/orders/{number}/{name}.csv" for number in range(4) for name in ("Orders", "orders-b", "other")]
    for number, key in enumerate(keys, 1):
        pipeline.loader().load(pipeline.put(key, csv((f"A-{number}", 1)), at=number))
    seen: list[str] = []
    before: int | None = None
    while before is not None or not seen:
        cursor = {} if before is None else {"before": str(before)}
        page = web.client.get("/api/files", params={"search": "orders", "limit": "3", **cursor}).json()
        seen += [file["key"] for file in page["files"]]
        before = page["next_before"]
    expected = [f"incoming/orders/{number}/{name}.csv" for name in ("Orders", "orders-b") for number in (3, 2, 1, 0)]
    assert seen == expected


def test_files_are_found_by_the_start_of_their_name_or_key(pipeline: Pipeline, web: WebProcess) -> None:
    keys = [
        "incoming/orders/1/Weekly.csv",
        "incoming/orders/2/weekly 2.csv",
        "incoming/orders/2/50%_off.csv",
        "incoming/orders/weekly/daily.csv",
    ]
    for number, key in enumerate(keys, 1):
        pipeline.loader().load(pipeline.put(key, csv((f"A-{number}", 1)), at=number))

    def found(search: str) -> list[int]:
        files = web.client.get("/api/files", params={"search": search}).json()["files"]
        return [keys.index(file["key"]) for file in files]

    assert found("WEEKLY") == [0, 1]
    assert found("50%_") == [2]
    assert found("%") == []
    assert found("incoming/orders/2/") == [1, 2]
    assert found("INCOMING/2/") == []


def test_files_are_found_in_composed_and_decomposed_unicode_page_by_page(pipeline: Pipeline, web: WebProcess) -> None:
    names = [normalize(form, f"Caf\u00e9 {number}.csv") for number in range(2) for form in ("NFC", "NFD")]
    keys = [f"incoming/orders/{name}" for name in (*names, "Cafe.csv", "Caf.csv")]
    for number, key in enumerate(keys, 1):
        pipeline.loader().load(pipeline.put(key, csv((f"A-{number}", 1)), at=number))

    def found(search: str) -> list[int]:
        seen: list[int] = []
        cursor: dict[str, str] = {}
        while True:
            page = web.client.get("/api/files", params={"search": search, "limit": "1", **cursor}).json()
            seen += [keys.index(file["key"]) for file in page["files"]]
            if page["next_before"] is None:
                return seen
            cursor = {"before": str(page["next_before"])}

    for form in ("NFC", "NFD"):
        for search in ("caf\u00e9", "incoming/orders/Caf\u00e9"):
            assert found(normalize(form, search)) == [2, 0, 3, 1], (form, search)
    assert found("caf") == [2, 0, 3, 1, 4, 5]


def test_orders_are_paged_in_order_even_if_many_were_placed_at_the_same_time(
    pipeline: Pipeline, web: WebProcess
) -> None:
    rows = [(f"A-{number:03}", 1) for number in range(120)]
    pipeline.loader().load(pipeline.put("incoming/orders/a.csv", csv(*rows), at=1))

    def paged(**query: str) -> list[str]:
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = web.client.get("/api/datasets/orders/rows", params={"limit": "50", **query, **cursor}).json()
            seen += [order["order_id"] for order in page["rows"]]
            if page["next_after"] is None:
                return seen
            cursor = {"after": page["next_after"]}

    assert paged() == [order_id for order_id, _ in reversed(rows)]
    assert paged(search="A-0") == [order_id for order_id, _ in rows[:100]]
    assert len(web.client.get("/api/datasets/orders/rows?until=2026-03-31").json()["rows"]) == 50
    assert web.client.get("/api/datasets/orders/rows?until=2026-03-30").json()["rows"] == []


def test_many_concurrent_requests_share_a_few_connections(shop: Shop, web: WebProcess) -> None:
    async def send() -> list[int]:
        async with httpx.AsyncClient(base_url=web.client.base_url, timeout=30) as client:
            responses = await asyncio.gather(*(client.get("/files") for _ in range(80)))
        return [response.status_code for response in responses]

    assert asyncio.run(send()) == [200] * 80
    query = "SELECT count(*)::int FROM pg_stat_activity WHERE usename = 'web' AND datname = current_database()"
    assert 1 <= shop.rows(query)[0] <= MAX_CONNECTIONS


def test_the_app_survives_a_restart_of_its_database(web: WebProcess, postgres: LocalPostgres) -> None:
    assert web.status("/files") == 200
    postgres.stop()
    try:
        assert web.status("/files") == 503
        web.wait_for("/", 503, seconds=OVERVIEW_MAX_AGE_SECONDS + 5)
        assert web.status("/readyz") == 503
        assert web.status("/healthz") == 200
    finally:
        postgres.start()
    web.wait_for("/", 200, seconds=RECOVERY_SECONDS)
    assert web.process.poll() is None


def test_the_app_starts_while_its_database_is_unavailable(shop: Shop, postgres: LocalPostgres, tmp_path: Path) -> None:
    postgres.stop()
    web = WebProcess(shop.server, shop.name, tmp_path / "web.log")
    try:
        web.wait_for("/healthz", 200, seconds=START_SECONDS)
        assert web.status("/readyz") == 503
    finally:
        postgres.start()
    web.wait_for("/readyz", 200, seconds=RECOVERY_SECONDS)
    assert web.stop() in (0, -15)


def test_a_broken_connection_is_replaced_without_an_error(shop: Shop, web: WebProcess) -> None:
    assert web.status("/files") == 200
    with psycopg.connect(shop.server.url(), autocommit=True) as superuser:
        superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'web'")
    assert web.status("/files") == 200


def test_a_missing_setting_is_reported_without_a_traceback() -> None:
    command = [sys.executable, "-m", "web_src"]
    result = subprocess.run(
        command, cwd=CHECKOUT, env={"PYTHONPATH": "lambda_src"}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr == "web: the environment variable ALLOWED_HOSTS is not set\n"


def test_a_wrong_declaration_is_reported_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "schema.json").write_text('{"fieldsMatch": "partial", "primaryKey": "id"}')
    result = subprocess.run(
        [sys.executable, "-m", "web_src"],
        cwd=CHECKOUT,
        env=ENVIRONMENT | {"PYTHONPATH": "lambda_src", "DATASETS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("web: ")
    assert "things/schema.json at /: fields is missing" in result.stderr
    assert "Traceback" not in result.stderr
