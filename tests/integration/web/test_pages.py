"""The pages in a browser: desktop and phone, light and dark, keyboard, screen reader, without JavaScript."""

from __future__ import annotations

import csv
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it has no types
from playwright.sync_api import expect

from local_cloud.postgres import LocalPostgres
from tests.integration.web.conftest import FILES, REJECTS, OpenPage
from tests.support.web.process import WebProcess

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
PAGES = {
    "overview": "/",
    "files": "/files",
    "no matching files": "/files?search=none",
    "file with rejects": f"/files/{FILES}",
    "datasets": "/datasets",
    "dataset": "/datasets/orders",
    "dataset without chart": "/datasets/products",
    "rows": "/datasets/orders/rows",
    "row": "/datasets/orders/row?order_id=A-0005",
    "row of a composite key": "/datasets/returns/row?return_id=R-1&line=1",
    "upload": "/upload",
    "api": "/api",
    "not found": "/nowhere",
    "invalid value": "/files?status=odd",
}
ERRORS = ("not found", "invalid value")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_fits_the_screen(
    web: WebProcess, open_page: OpenPage, name: str, colour_scheme: str, viewport: dict[str, int]
) -> None:
    page = open_page(web.url + PAGES[name], expect_errors=name in ERRORS, color_scheme=colour_scheme, viewport=viewport)
    for details in page.locator("details").all():
        details.locator("summary").click()
    violations: list[dict[str, Any]] = Axe().run(page).response["violations"]
    serious = [
        (each["id"], [node["target"] for node in each["nodes"]])
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_pages_follow_the_systems_colour_scheme(web: WebProcess, open_page: OpenPage) -> None:
    colours = {
        scheme: open_page(web.url, color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert colours["light"] != colours["dark"]


def test_the_overview_links_to_a_file_and_its_rejected_rows(web: WebProcess, open_page: OpenPage) -> None:
    page = open_page(web.url)
    expect(page.locator(".figures dd").first).to_have_text(str(FILES))
    page.get_by_role("link", name=f"orders-{FILES}.csv").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"orders-{FILES}.csv")
    expect(page.get_by_text('quantity "0" must be a whole number from 1 to 1,000,000').first).to_be_visible()
    page.get_by_role("link", name="More rejected rows").click()
    expect(page.get_by_role("row", name=re.compile("^102 "))).to_be_visible()


def test_the_chart_can_be_read_as_a_table(web: WebProcess, open_page: OpenPage) -> None:
    page = open_page(web.url)
    expect(page.get_by_role("img", name="Bar chart of Returns per day")).to_be_visible()
    page.goto(f"{web.url}/datasets/orders")
    chart = page.get_by_role("img", name="Bar chart of rows per day")
    expect(chart).to_be_visible()
    summary = page.get_by_text("Show as table")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("table", name="Rows per day")).to_be_visible()
    assert page.locator(".narrow tbody tr").count() == 28


def test_rejected_rows_can_be_downloaded(web: WebProcess, open_page: OpenPage) -> None:
    page = open_page(f"{web.url}/files/{FILES}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert download.value.suggested_filename == f"rejected-rows-of-file-{FILES}.csv"
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:  # noqa: PTH123 - Playwright's own path
        assert len(list(csv.reader(file))) == 1 + REJECTS


def test_files_and_rows_can_be_searched(web: WebProcess, open_page: OpenPage) -> None:
    page = open_page(f"{web.url}/files")
    page.get_by_label("Name starts with").fill("ORDERS-7")
    page.get_by_label("Status").select_option("Refused")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr")).to_have_count(3)  # 7, 70 and 77
    page.get_by_role("link", name="Datasets", exact=True).click()
    page.get_by_role("link", name="Orders", exact=True).click()
    page.get_by_label("Order starts with").fill("A-001")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(10)
    page.get_by_role("link", name="A-0015").click()
    expect(page.get_by_text("please ring twice")).to_be_visible()


def test_keys_of_other_datasets_are_links_to_their_rows(web: WebProcess, open_page: OpenPage) -> None:
    page = open_page(f"{web.url}/datasets/returns/rows")
    page.get_by_role("link", name="A-0002").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A-0002")
    page.get_by_role("link", name="customer2@example.com").click()
    expect(page.get_by_text("Customer 2")).to_be_visible()


@pytest.mark.parametrize("kind", ["CSV", "Excel"])
def test_a_template_can_be_downloaded(web: WebProcess, open_page: OpenPage, kind: str) -> None:
    page = open_page(f"{web.url}/datasets/returns")
    with page.expect_download() as download:
        page.get_by_role("link", name=kind, exact=True).click()
    assert download.value.suggested_filename.startswith("returns-template.")


def test_the_keyboard_reaches_every_link_with_a_visible_focus(web: WebProcess, open_page: OpenPage) -> None:
    page = open_page(web.url)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.goto(web.url)
    reached: list[str] = []
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.innerText.trim()"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == ["Skip to content", "Data files", "Overview", "Files", "Datasets", "Upload"]


def test_the_keyboard_reaches_the_file_chooser_with_a_visible_focus(web: WebProcess, open_page: OpenPage) -> None:
    page = open_page(f"{web.url}/upload")
    page.on("filechooser", lambda _: None)  # makes Playwright listen for file choosers before the key is pressed
    page.get_by_role("link", name="What a file of this dataset must look like").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#files")).to_be_focused()
    assert page.locator("#files + label").evaluate("label => getComputedStyle(label).outlineStyle") == "solid"
    with page.expect_file_chooser():
        page.keyboard.press("Space")


def test_navigation_and_title_name_the_current_page(web: WebProcess, open_page: OpenPage) -> None:
    page = open_page(f"{web.url}/files/{FILES}")
    expect(page.get_by_role("navigation", name="Main").locator("[aria-current=page]")).to_have_text("Files")
    expect(page).to_have_title(f"orders-{FILES}.csv · Data files")


def test_everything_but_uploads_works_without_javascript(web: WebProcess, open_page: OpenPage) -> None:
    page = open_page(web.url, java_script_enabled=False)
    expect(page.get_by_role("heading", name="Rows per day")).to_be_visible()
    page.get_by_role("link", name="Show all files").click()
    page.get_by_role("link", name="Older files").click()
    expect(page.locator("tbody tr").first).to_contain_text(f"orders-{FILES - 50}.csv")
    page.get_by_label("Name starts with").fill("orders-12")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr")).to_have_count(11)
    page.get_by_role("link", name="Upload").click()
    expect(page.get_by_text("aws s3 cp")).to_be_visible()
    expect(page.get_by_text("Choose files")).to_be_hidden()


def test_pages_load_nothing_from_other_sites(web: WebProcess, open_page: OpenPage) -> None:
    page = open_page("about:blank", expect_errors=True)
    hosts: list[str] = []
    page.on("request", lambda request: hosts.append(urlsplit(request.url).netloc))
    for path in PAGES.values():
        page.goto(web.url + path)
    assert set(hosts) == {urlsplit(web.url).netloc}


def test_error_pages_name_the_problem_and_link_to_the_overview(web: WebProcess, open_page: OpenPage) -> None:
    page = open_page(f"{web.url}/datasets/orders/row?order_id=none", expect_errors=True)
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    expect(page.get_by_text("There is no row with order_id none in Orders.")).to_be_visible()
    page.goto(f"{web.url}/files?before=x")
    expect(page.get_by_text("The position in the list must be a whole number, not 'x'.")).to_be_visible()
    page.get_by_role("link", name="Go to the overview").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_an_unavailable_database_is_reported_until_it_recovers(
    web: WebProcess, open_page: OpenPage, postgres: LocalPostgres
) -> None:
    postgres.stop()
    try:
        page = open_page(f"{web.url}/files", expect_errors=True)
        expect(page.get_by_role("heading", name="The database is unavailable")).to_be_visible()
    finally:
        postgres.start()
    web.wait_for("/readyz", 200, seconds=15)
    page.reload()
    expect(page.get_by_role("heading", name="Files", exact=True)).to_be_visible()
