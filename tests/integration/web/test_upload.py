"""A file dropped on the page goes straight to the bucket and becomes rows, watched by the one who dropped it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import botocore.session
import httpx
import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from local_cloud.cloud import LocalCloud
from local_cloud.web.ports import upload_url
from tests.integration.web.conftest import OpenPage
from tests.support.web.page import address
from tests.support.web.stand_ins import ENVIRONMENT
from web_src.settings import Settings
from web_src.uploads import Upload, Uploads

LOADED_MS = 30_000
HEADER = "order_id,customer_email,sku,quantity,unit_price,currency,ordered_at,notes\n"
GOOD = "up-1,ada@example.com,MUG,1,12.50,EUR,2026-03-31T14:05:00+02:00,\n"
BAD = "up-2,ada@example.com,MUG,0,12.50,EUR,2026-03-31T14:05:00+02:00,\n"


@pytest.fixture
def page(local_cloud: LocalCloud, open_page: OpenPage) -> Iterator[Page]:
    """The upload page, as the load balancer gives it."""
    yield open_page(f"{address(local_cloud)}upload")


def choose(page: Page, contents: dict[str, str]) -> list[Locator]:
    """Choose files, and return what the page shows of each."""
    page.locator("#files").set_input_files(
        [FilePayload(name=name, mimeType="text/csv", buffer=text.encode()) for name, text in contents.items()]
    )
    return [page.get_by_role("listitem").filter(has_text=name) for name in contents]


def test_a_file_that_is_dropped_becomes_rows_before_ones_eyes(page: Page) -> None:
    page.locator("#upload").evaluate(
        """(target, text) => {
            const dropped = new DataTransfer();
            dropped.items.add(new File([text], "dropped.csv", { type: "text/csv" }));
            target.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
        }""",
        HEADER + GOOD,
    )
    item = page.get_by_role("listitem").filter(has_text="dropped.csv")
    expect(item).to_contain_text("Loaded: 1 order", timeout=LOADED_MS)
    expect(page.get_by_role("status")).to_have_text("dropped.csv: Loaded: 1 order")
    item.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("dropped.csv")
    page.get_by_role("link", name="Orders", exact=True).click()
    page.get_by_label("Order id begins with").fill("up-1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="up-1 ada@example.com")).to_be_visible()


def test_rows_that_were_rejected_are_counted_and_shown(page: Page) -> None:
    (item,) = choose(page, {"some bad.csv": HEADER + GOOD + BAD})
    expect(item).to_contain_text("Loaded: 1 order, 1 row rejected", timeout=LOADED_MS)
    item.get_by_role("link").click()
    expect(page.get_by_text('quantity "0" must be a whole number')).to_be_visible()


def test_a_file_that_is_refused_says_why(page: Page) -> None:
    (item,) = choose(page, {"no orders.csv": "hello\nworld\n"})
    expect(item).to_contain_text("Refused: The file is no file of orders", timeout=LOADED_MS)


def test_several_files_are_each_followed(page: Page) -> None:
    for item in choose(page, {f"file {number}.csv": HEADER + GOOD for number in range(3)}):
        expect(item).to_contain_text("Loaded", timeout=LOADED_MS)


def test_an_empty_file_is_not_sent(page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    (item,) = choose(page, {"empty.csv": ""})
    expect(item).to_contain_text("The file is empty.")
    assert sent == []


def test_a_page_of_another_address_can_not_send_to_the_bucket(local_cloud: LocalCloud, open_page: OpenPage) -> None:
    other = address(local_cloud).replace("localhost", "elsewhere.localhost")
    page = open_page(f"{other}upload", complains=True)
    (item,) = choose(page, {"elsewhere.csv": HEADER + GOOD})
    expect(item).to_contain_text("It could not be sent")


def test_a_session_that_ended_is_said(local_cloud: LocalCloud, open_page: OpenPage) -> None:
    page = open_page(f"{address(local_cloud)}upload", complains=True)
    page.route("**/api/uploads", lambda route: route.fulfill(status=401, json={"error": "", "message": ""}))
    (item,) = choose(page, {"late.csv": HEADER})
    expect(item).to_contain_text("Your session has ended")


@pytest.fixture(scope="module")
def uploads(local_cloud: LocalCloud) -> Uploads:
    """Signs for files of at most a hundred bytes, as the app does for larger ones."""
    outputs = local_cloud.outputs()
    session = botocore.session.Session()
    session.set_credentials(outputs.aws_access_key_id, outputs.aws_secret_access_key)
    environment = {
        **ENVIRONMENT,
        "AWS_REGION": outputs.aws_region,
        "LANDING_BUCKET": outputs.landing_bucket,
        "UPLOAD_ENDPOINT_URL": upload_url(local_cloud.services().ports),
        "MAX_FILE_BYTES": "100",
    }
    return Uploads(Settings.from_env(environment), session)


def send(upload: Upload, *, size: int = 10, **changes: str) -> httpx.Response:
    """Send a file of that size with the form that was signed, but for these changes."""
    return httpx.post(upload.url, data=upload.fields | changes, files={"file": ("a.csv", b"x" * size)})


def test_what_was_signed_is_taken(uploads: Uploads) -> None:
    assert send(uploads.sign("a.csv")).status_code == 204
    assert send(uploads.sign("a.csv"), size=100).status_code == 204


@pytest.mark.parametrize("key", ["incoming/other.csv", "other.csv", "incoming/${filename}"])
def test_a_file_can_not_be_sent_to_another_key(uploads: Uploads, key: str) -> None:
    answer = send(uploads.sign("a.csv"), key=key)
    assert answer.status_code == 403
    assert "Policy Condition failed" in answer.text


def test_a_file_whose_name_is_a_variable_of_s3_stays_where_it_was_signed_for(uploads: Uploads) -> None:
    upload = uploads.sign("${filename}")
    assert send(upload).status_code == 204
    assert upload.key.endswith("/__filename_")


@pytest.mark.parametrize(("size", "code"), [(0, "EntityTooSmall"), (101, "EntityTooLarge")])
def test_a_file_of_another_size_is_refused(uploads: Uploads, size: int, code: str) -> None:
    answer = send(uploads.sign("a.csv"), size=size)
    assert answer.status_code == 400
    assert code in answer.text


def test_nothing_is_read_where_files_are_sent(local_cloud: LocalCloud, uploads: Uploads) -> None:
    assert httpx.get(uploads.sign("a.csv").url).status_code == 404
    assert httpx.get(f"{upload_url(local_cloud.services().ports)}/latest/meta-data/").status_code == 404


def test_another_policy_under_the_same_signature_is_refused(uploads: Uploads) -> None:
    answer = send(uploads.sign("a.csv"), policy=uploads.sign("b.csv").fields["policy"])
    assert answer.status_code == 403


def test_the_app_holds_to_its_own_key_and_prefix(local_cloud: LocalCloud) -> None:
    outputs = local_cloud.outputs()
    signed = httpx.post(f"{address(local_cloud)}api/uploads", json={"name": "../../a.csv", "size": 1}).json()
    assert signed["key"].startswith(outputs.incoming_prefix)
    assert Path(signed["key"]).name == "a.csv"
