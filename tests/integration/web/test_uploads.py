"""Uploads from the page to the bucket, and the upload forms that the app signs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import httpx
import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from local_cloud import processes
from local_cloud.cloud import LocalCloud
from local_cloud.web.instance import PROCESS
from local_cloud.web.ports import upload_url
from tests.integration.web.conftest import OpenPage
from tests.support.orders import eventually
from tests.support.web.fakes import ENVIRONMENT
from tests.support.web.page import address
from web_src.settings import Settings
from web_src.uploads import Upload, UploadSigner

LOADED_MS = 30_000
HEADER = "order_id,customer_email,sku,quantity,unit_price,currency,ordered_at,notes\n"
GOOD = "up-1,ada@example.com,MUG,1,12.50,EUR,2026-03-31T14:05:00+02:00,\n"
BAD = "up-2,ada@example.com,MUG,0,12.50,EUR,2026-03-31T14:05:00+02:00,\n"


@pytest.fixture
def page(local_cloud: LocalCloud, open_page: OpenPage) -> Iterator[Page]:
    """The upload page for orders, requested through the load balancer."""
    yield open_page(f"{address(local_cloud)}upload?dataset=orders")


def choose(page: Page, contents: dict[str, str]) -> list[Locator]:
    """Choose files, and return a list item for each file."""
    page.locator("#files").set_input_files(
        [FilePayload(name=name, mimeType="text/csv", buffer=text.encode()) for name, text in contents.items()]
    )
    return [page.get_by_role("listitem").filter(has_text=name) for name in contents]


def test_a_dropped_file_is_uploaded_and_its_rows_are_loaded(page: Page) -> None:
    page.locator("#drop-zone").evaluate(
        """(target, text) => {
            const dropped = new DataTransfer();
            dropped.items.add(new File([text], "dropped.csv", { type: "text/csv" }));
            target.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
        }""",
        HEADER + GOOD,
    )
    item = page.get_by_role("listitem").filter(has_text="dropped.csv")
    expect(item).to_contain_text("Loaded: 1 row", timeout=LOADED_MS)
    expect(page.get_by_role("status")).to_have_text("dropped.csv: Loaded: 1 row")
    item.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("dropped.csv")
    page.get_by_role("link", name="Orders", exact=True).click()
    page.get_by_label("Order starts with").fill("up-1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="up-1 ada@example.com")).to_be_visible()


def test_rejected_rows_are_counted_and_shown(page: Page) -> None:
    (item,) = choose(page, {"some bad.csv": HEADER + GOOD + BAD})
    expect(item).to_contain_text("Loaded: 1 row, 1 rejected", timeout=LOADED_MS)
    item.get_by_role("link").click()
    expect(page.get_by_text('quantity "0" must be a whole number')).to_be_visible()


def test_a_refused_file_is_shown_with_the_reason(page: Page) -> None:
    (item,) = choose(page, {"no orders.csv": "hello\nworld\n"})
    expect(item).to_contain_text("Refused: The format is not recognized", timeout=LOADED_MS)


def test_several_files_are_uploaded_and_tracked(page: Page) -> None:
    for item in choose(page, {f"file {number}.csv": HEADER + GOOD for number in range(3)}):
        expect(item).to_contain_text("Loaded", timeout=LOADED_MS)


def test_an_empty_file_is_not_uploaded(page: Page) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url) if request.method == "POST" else None)
    (item,) = choose(page, {"empty.csv": ""})
    expect(item).to_contain_text("The file is empty.")
    assert requests == []


def test_uploads_work_again_after_the_emulator_crashed(local_cloud: LocalCloud, open_page: OpenPage) -> None:
    restarts = len(local_cloud.status()["restarts"])
    records = processes.load(local_cloud.state.processes)
    (app,) = (each.pid for each in records if each.name == PROCESS)
    os.kill(next(each.pid for each in records if each.name == "emulator"), signal.SIGKILL)
    eventually(lambda: len(local_cloud.status()["restarts"]) > restarts, "the restart of the emulator")

    def has_restarted() -> bool:
        (now,) = (each.pid for each in processes.load(local_cloud.state.processes) if each.name == PROCESS)
        return now != app and _answers(address(local_cloud))

    eventually(has_restarted, "the restart of the web app, whose credentials the new emulator does not know")
    (item,) = choose(open_page(f"{address(local_cloud)}upload?dataset=orders"), {"after.csv": HEADER + GOOD})
    expect(item).to_contain_text("Loaded: 1 row", timeout=LOADED_MS)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


def test_a_page_from_another_origin_cannot_upload_to_the_bucket(local_cloud: LocalCloud, open_page: OpenPage) -> None:
    elsewhere = "http://elsewhere.localhost/"

    def answer_as_the_app(route: Route) -> None:
        headers = {name: value for name, value in route.request.headers.items() if name != "origin"}
        url = route.request.url.replace(elsewhere, address(local_cloud))
        route.fulfill(response=route.fetch(url=url, headers=headers))

    page = open_page("about:blank", expect_errors=True)
    page.route(f"{elsewhere}**", answer_as_the_app)
    page.goto(f"{elsewhere}upload?dataset=orders")
    (item,) = choose(page, {"elsewhere.csv": HEADER + GOOD})
    expect(item).to_contain_text("Upload failed")


def test_an_expired_session_is_reported(local_cloud: LocalCloud, open_page: OpenPage) -> None:
    page = open_page(f"{address(local_cloud)}upload?dataset=orders", expect_errors=True)
    page.route("**/api/uploads", lambda route: route.fulfill(status=401, json={"error": "", "message": ""}))
    (item,) = choose(page, {"late.csv": HEADER})
    expect(item).to_contain_text("Your session has expired")


@pytest.fixture(scope="module")
def signer(local_cloud: LocalCloud) -> UploadSigner:
    """A signer like the app's."""
    outputs = local_cloud.outputs()
    session = botocore.session.Session()
    session.set_credentials(outputs.aws_access_key_id, outputs.aws_secret_access_key)
    environment = {
        **ENVIRONMENT,
        "AWS_REGION": outputs.aws_region,
        "LANDING_BUCKET": outputs.landing_bucket,
        "UPLOAD_ENDPOINT_URL": upload_url(local_cloud.services().ports),
    }
    return UploadSigner(Settings.from_env(environment), session)


def sign(signer: UploadSigner, name: str) -> Upload:
    """Sign the upload of a file of at most 100 bytes."""
    return signer.sign("orders", name, 100)


def submit(upload: Upload, *, size: int = 10, **changes: str) -> httpx.Response:
    """Submit the signed form with a file of `size` bytes and with `changes` to the form's fields."""
    return httpx.post(upload.url, data=upload.fields | changes, files={"file": ("a.csv", b"x" * size)})


def test_a_signed_form_is_accepted(signer: UploadSigner) -> None:
    assert submit(sign(signer, "a.csv")).status_code == 204
    assert submit(sign(signer, "a.csv"), size=100).status_code == 204


@pytest.mark.parametrize("key", ["incoming/other.csv", "other.csv", "incoming/${filename}"])
def test_a_form_cannot_be_used_for_another_key(signer: UploadSigner, key: str) -> None:
    response = submit(sign(signer, "a.csv"), key=key)
    assert response.status_code == 403
    assert "Policy Condition failed" in response.text


def test_s3_does_not_replace_a_variable_in_a_file_name(signer: UploadSigner) -> None:
    upload = sign(signer, "${filename}")
    assert submit(upload).status_code == 204
    assert upload.key.endswith("/__filename_")


@pytest.mark.parametrize(("size", "code"), [(0, "EntityTooSmall"), (101, "EntityTooLarge")])
def test_a_file_outside_the_signed_size_is_refused(signer: UploadSigner, size: int, code: str) -> None:
    response = submit(sign(signer, "a.csv"), size=size)
    assert response.status_code == 400
    assert code in response.text


def test_the_upload_endpoint_refuses_reads(local_cloud: LocalCloud, signer: UploadSigner) -> None:
    assert httpx.get(sign(signer, "a.csv").url).status_code == 405
    assert httpx.get(f"{upload_url(local_cloud.services().ports)}/latest/meta-data/").status_code == 405


def test_a_policy_with_another_signature_is_refused(signer: UploadSigner) -> None:
    response = submit(sign(signer, "a.csv"), policy=sign(signer, "b.csv").fields["policy"])
    assert response.status_code == 403


def test_the_app_chooses_a_key_in_the_folder_of_the_dataset(local_cloud: LocalCloud) -> None:
    outputs = local_cloud.outputs()
    signed = httpx.post(
        f"{address(local_cloud)}api/uploads", json={"dataset": "orders", "name": "../../a.csv", "size": 1}
    ).json()
    assert signed["key"].startswith(f"{outputs.incoming_prefix}orders/")
    assert Path(signed["key"]).name == "a.csv"
