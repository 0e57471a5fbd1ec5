"""What is signed lets one file in, under the key named here, for a short time."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.web import stand_ins
from tests.support.web.stand_ins import ENVIRONMENT, Client
from web_src.settings import Settings
from web_src.uploads import VALID_SECONDS, Upload, Uploads, safe_name

KEY = r"incoming/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/"


def _uploads(**environment: str) -> Uploads:
    return stand_ins.uploads(Settings.from_env(ENVIRONMENT | environment))


def _policy(upload: Upload) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(base64.b64decode(upload.fields["policy"]))
    return policy


@pytest.mark.parametrize("name", ["orders.csv", "${filename}", "a/${filename}", "..", "../../else", "", "key\x00"])
def test_an_upload_can_not_leave_its_key(name: str) -> None:
    upload = _uploads().sign(name)
    conditions = _policy(upload)["conditions"]
    assert re.fullmatch(KEY + r"[^/$]+", upload.key)
    assert upload.fields["key"] == upload.key
    assert {"key": upload.key} in conditions
    assert {"bucket": "landing"} in conditions
    assert not [each for each in conditions if isinstance(each, list) and each[0] == "starts-with"]


def test_two_files_of_one_name_never_meet() -> None:
    uploads = _uploads()
    assert uploads.sign("orders.csv").key != uploads.sign("orders.csv").key


def test_an_upload_is_neither_empty_nor_larger_than_the_intake_takes() -> None:
    upload = _uploads(MAX_FILE_BYTES="1000").sign("orders.csv")
    assert ["content-length-range", 1, 1000] in _policy(upload)["conditions"]
    assert upload.max_bytes == 1000


def test_an_upload_is_signed_for_at_most_a_quarter_of_an_hour() -> None:
    expires = datetime.fromisoformat(_policy(_uploads().sign("orders.csv"))["expiration"])
    assert 0 < (expires - datetime.now(UTC)).total_seconds() <= VALID_SECONDS <= 15 * 60


def test_the_session_of_the_instance_is_part_of_what_is_signed() -> None:
    upload = _uploads().sign("orders.csv")
    assert upload.fields["x-amz-security-token"] == "session token"
    assert {"x-amz-security-token": "session token"} in _policy(upload)["conditions"]
    assert upload.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"AWS_REGION": "eu-central-1"}, "https://landing.s3.eu-central-1.amazonaws.com/"),
        ({"AWS_REGION": "us-east-1"}, "https://landing.s3.us-east-1.amazonaws.com/"),
        ({"AWS_REGION": "us-gov-west-1"}, "https://landing.s3.us-gov-west-1.amazonaws.com/"),
        ({"AWS_REGION": "cn-north-1"}, "https://landing.s3.cn-north-1.amazonaws.com.cn/"),
        ({"UPLOAD_ENDPOINT_URL": "http://127.0.0.1:4566"}, "http://127.0.0.1:4566/landing"),
        ({"UPLOAD_ENDPOINT_URL": "http://localhost:4566"}, "http://localhost:4566/landing"),
    ],
)
def test_files_go_to_the_bucket_in_its_own_region_and_pages_may_connect_to_it(
    environment: dict[str, str], url: str
) -> None:
    uploads = _uploads(**environment)
    assert uploads.sign("orders.csv").url == url
    assert uploads.origin == "{0.scheme}://{0.netloc}".format(urlsplit(url))


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("orders 2026-09 (2).csv.gz", "orders 2026-09 (2).csv.gz"),
        ("Bestellungen März.csv", "Bestellungen März.csv"),
        ("C:\\Users\\ada\\orders.csv", "orders.csv"),
        ("folder/orders.csv", "orders.csv"),
        ("folder/", "file"),
        (" . ", "file"),
        ('a"b<c>?#%&.csv', "a_b_c_____.csv"),
        ("x" * 500 + ".csv.gz", "x" * 113 + ".csv.gz"),
        ("\ud800.csv", "_.csv"),
    ],
)
def test_a_name_keeps_what_is_harmless_and_its_ending(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_page_gets_all_it_needs_to_send_a_file(client: Client) -> None:
    answer = client.ask("POST", "/api/uploads", json={"name": "orders.csv", "size": 10})
    assert answer.status_code == 201
    assert answer.json()["url"] == "https://landing.s3.eu-central-1.amazonaws.com/"
    assert re.fullmatch(KEY + r"orders\.csv", answer.json()["key"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "orders.csv", "size": 0}, "size"),
        ({"name": "orders.csv", "size": 256 * 1024 * 1024 + 1}, "size"),
        ({"name": "", "size": 1}, "name"),
        ({"name": "x" * 1025, "size": 1}, "name"),
        ({"size": 1}, "name"),
    ],
)
def test_a_file_that_would_be_refused_is_not_signed(client: Client, body: dict[str, object], field: str) -> None:
    answer = client.ask("POST", "/api/uploads", json=body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(f"{field}: ")
