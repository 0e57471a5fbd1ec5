"""Uploads, exports and views of rows are logged with who, what and when, without personal data."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg
import pytest

from tests.support.web import fakes
from tests.support.web.fakes import SIGN_IN, Client, FakeDatabase
from tests.support.web.tokens import ADA, KEY, header, pem, signed
from web_src.authentication import TOKEN_HEADER
from web_src.logs import JsonLines

CUSTOMER = {
    "email": "grace@example.com",
    "name": "Grace",
    "company": None,
    "country": "GB",
    "born_on": None,
    "newsletter": True,
    "registered_at": fakes.NOW,
    "file_id": 7,
}


def signed_in() -> dict[str, str]:
    """The header of a request with a valid token, which expires after two minutes."""
    return {TOKEN_HEADER: signed(header(), ADA)}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the app logs, as the server formats it."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("web_src")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield text
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture
def public(database: FakeDatabase) -> Client:
    """A client of the app with sign-in."""
    database.rows["customers"] = [CUSTOMER]
    return fakes.client(database, environment=SIGN_IN, fetch=lambda _: pem(KEY))


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/datasets/orders/rows", {"message": "view rows", "dataset": "orders", "rows": 50}),
        ("/api/datasets/orders/rows?limit=5", {"message": "view rows", "dataset": "orders", "rows": 5}),
        (
            "/datasets/orders/rows?search=A-00",
            {"message": "view rows", "dataset": "orders", "search": {"order_id": "A-00"}, "rows": 10},
        ),
        (
            "/datasets/orders/rows.csv?until=2026-11-20",
            {"message": "export rows", "dataset": "orders", "until": "2026-11-20"},
        ),
        (
            "/datasets/orders/row?order_id=A-001",
            {"message": "view row", "dataset": "orders", "row": {"order_id": "A-001"}, "file_id": 7},
        ),
        (
            "/api/datasets/orders/row?order_id=A-001",
            {"message": "view row", "dataset": "orders", "row": {"order_id": "A-001"}, "file_id": 7},
        ),
        (
            "/api/datasets/customers/row?email=grace@example.com",
            {"message": "view row", "dataset": "customers", "row": {"email": "[personal]"}, "file_id": 7},
        ),
        (
            "/datasets/customers/rows?search=grace@",
            {"message": "view rows", "dataset": "customers", "search": {"email": "[personal]"}, "rows": 1},
        ),
        ("/files/7", {"message": "view rows of a file", "file_id": 7, "rows": 50, "rejected_rows": 100}),
        ("/api/files/7/rejects?limit=5", {"message": "view rejected rows", "file_id": 7, "rows": 5}),
        ("/files/7/rejects.csv", {"message": "export rejected rows", "file_id": 7}),
    ],
)
def test_a_view_or_an_export_of_rows_is_one_line(
    public: Client, log: io.StringIO, path: str, what: dict[str, Any]
) -> None:
    assert public.get(path, headers=signed_in()).status_code == 200
    (line,) = map(json.loads, log.getvalue().splitlines())
    assert datetime.fromisoformat(line.pop("time")).utcoffset() is not None
    assert (line.pop("level"), line.pop("logger")) == ("INFO", "web_src.audit")
    assert line == {"who": ADA["sub"], **what}


def test_an_upload_is_logged_with_its_folder(public: Client, log: io.StringIO) -> None:
    body = {"dataset": "orders", "name": "orders of grace@example.com.csv", "size": 1}
    key = public.request("POST", "/api/uploads", json=body, headers=signed_in()).json()["key"]
    line = json.loads(log.getvalue())
    assert [line[each] for each in ("message", "who", "dataset")] == ["upload", ADA["sub"], "orders"]
    assert key == f"{line['folder']}/{body['name']}"
    assert "grace" not in log.getvalue()


def test_without_sign_in_the_user_is_unknown(client: Client, log: io.StringIO) -> None:
    client.get("/datasets/orders/rows")
    assert json.loads(log.getvalue())["who"] is None


def test_the_log_has_no_personal_data(public: Client, database: FakeDatabase, log: io.StringIO) -> None:
    for path in ("/datasets/customers/row?email=grace@example.com", "/datasets/customers/rows.csv?search=grace@e"):
        assert public.get(path, headers=signed_in()).status_code == 200
    public.get("/datasets/customers/row?email=nobody@example.com", headers=signed_in())
    assert log.getvalue()
    for text in ("@", "grace", "Grace", "nobody", ADA["email"]):
        assert text not in log.getvalue()


@pytest.mark.parametrize("path", ["/datasets/orders/rows", "/datasets/orders/rows.csv", "/api/datasets/orders/rows"])
def test_a_search_that_found_nothing_may_be_personal(client: Client, log: io.StringIO, path: str) -> None:
    assert client.get(f"{path}?search=grace@example.com").status_code == 200
    assert json.loads(log.getvalue())["search"] == {"order_id": "[found nothing]"}


def test_an_export_that_failed_is_not_logged_as_one(client: Client, database: FakeDatabase, log: io.StringIO) -> None:
    database.error = psycopg.OperationalError("down")
    assert client.get("/datasets/orders/rows.csv").status_code == 503
    assert "export" not in log.getvalue()


def test_a_row_that_is_not_as_described_is_an_error_without_its_values(
    public: Client, database: FakeDatabase, log: io.StringIO
) -> None:
    database.rows["customers"] = [CUSTOMER | {"newsletter": "grace"}]
    assert public.get("/api/datasets/customers/rows", headers=signed_in()).status_code == 500
    _, error = map(json.loads, log.getvalue().splitlines())
    assert (error["level"], error["logger"]) == ("ERROR", "web_src.errors")
    assert "newsletter" in error["message"]
    assert "grace" not in log.getvalue()


def test_pages_without_rows_are_not_logged(public: Client, log: io.StringIO) -> None:
    for path in ("/", "/files", "/datasets", "/datasets/orders", "/upload", "/api/files", "/files/999"):
        public.get(path, headers=signed_in())
    assert log.getvalue() == ""


def test_a_refused_sign_in_is_a_warning_with_its_reason(public: Client, log: io.StringIO) -> None:
    public.get("/files", headers={TOKEN_HEADER: signed(header(signer="x" * 5000), ADA)})
    line = json.loads(log.getvalue())
    assert (line["level"], line["message"], line["path"]) == ("WARNING", "refused sign-in", "/files")
    assert line["reason"].startswith("the token's signer is 'xxx")
    assert len(line["reason"]) == 200


def test_no_text_can_start_a_line_of_its_own(client: Client, database: FakeDatabase, log: io.StringIO) -> None:
    text = 'A\n{"who":1}\x1b[2J\u202e'
    database.rows["orders"] = [fakes.order(1) | {"order_id": text}]
    client.request("GET", "/datasets/orders/rows", params={"search": text})
    (line,) = log.getvalue().splitlines()
    assert json.loads(line)["search"] == {"order_id": text}
    assert line.isascii()
    assert line.isprintable()


def test_an_exception_is_one_line(client: Client, log: io.StringIO) -> None:
    try:
        raise RuntimeError("first\nsecond")
    except RuntimeError:
        logging.getLogger("web_src").exception("failed")
    assert "first\nsecond" in json.loads(log.getvalue())["exception"]
