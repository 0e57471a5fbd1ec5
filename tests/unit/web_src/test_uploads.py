"""A signed form allows one file, under one key, for a short time."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from config.datasets import datasets
from tests.support.web import fakes
from tests.support.web.fakes import ENVIRONMENT, Client
from web_src.settings import Settings
from web_src.uploads import VALID_SECONDS, Upload, UploadSigner, safe_name

KEY = r"incoming/orders/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/"

MAX_BYTES = 256 * 1024 * 1024


def _signer(**environment: str) -> UploadSigner:
    return fakes.upload_signer(Settings.from_env(ENVIRONMENT | environment))


def _policy(upload: Upload) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(base64.b64decode(upload.fields["policy"]))
    return policy


@pytest.mark.parametrize("name", ["orders.csv", "${filename}", "a/${filename}", "..", "../../else", "", "key\x00"])
def test_a_form_is_valid_for_its_own_key_only(name: str) -> None:
    upload = _signer().sign("orders", name, MAX_BYTES)
    conditions = _policy(upload)["conditions"]
    assert re.fullmatch(KEY + r"[^/$]+", upload.key)
    assert upload.fields["key"] == upload.key
    assert {"key": upload.key} in conditions
    assert {"bucket": "landing"} in conditions
    assert not [each for each in conditions if isinstance(each, list) and each[0] == "starts-with"]


def test_two_files_with_the_same_name_get_different_keys() -> None:
    signer = _signer()
    assert signer.sign("orders", "orders.csv", MAX_BYTES).key != signer.sign("orders", "orders.csv", MAX_BYTES).key


def test_an_upload_is_not_empty_and_not_larger_than_the_maximum() -> None:
    upload = _signer().sign("orders", "orders.csv", 1000)
    assert ["content-length-range", 1, 1000] in _policy(upload)["conditions"]
    assert upload.max_bytes == 1000


def test_a_form_expires_after_at_most_15_minutes() -> None:
    expires = datetime.fromisoformat(_policy(_signer().sign("orders", "orders.csv", MAX_BYTES))["expiration"])
    assert 0 < (expires - datetime.now(UTC)).total_seconds() <= VALID_SECONDS <= 15 * 60


def test_the_session_token_of_the_instance_is_signed() -> None:
    upload = _signer().sign("orders", "orders.csv", MAX_BYTES)
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
def test_uploads_go_to_the_regional_endpoint_and_pages_may_connect_to_it(environment: dict[str, str], url: str) -> None:
    signer = _signer(**environment)
    assert signer.sign("orders", "orders.csv", MAX_BYTES).url == url
    assert signer.origin == "{0.scheme}://{0.netloc}".format(urlsplit(url))


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
def test_a_name_keeps_its_safe_characters_and_its_extension(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_the_api_returns_the_form(client: Client) -> None:
    response = client.request("POST", "/api/uploads", json={"dataset": "orders", "name": "orders.csv", "size": 10})
    assert response.status_code == 201
    assert response.json()["url"] == "https://landing.s3.eu-central-1.amazonaws.com/"
    assert re.fullmatch(KEY + r"orders\.csv", response.json()["key"])


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
def test_an_invalid_upload_request_is_refused_and_the_field_is_named(
    client: Client, body: dict[str, object], field: str
) -> None:
    response = client.request("POST", "/api/uploads", json={"dataset": "orders"} | body)
    assert response.status_code == 422
    assert response.json()["message"].startswith(f"{field}: ")


def test_an_unknown_dataset_is_refused_with_the_datasets_that_exist(client: Client) -> None:
    response = client.request("POST", "/api/uploads", json={"dataset": "order", "name": "a.csv", "size": 1})
    assert response.status_code == 422
    message = response.json()["message"]
    assert message.startswith("dataset: must be ")
    assert message.endswith(", got 'order'")
    assert all(f"'{name}'" in message for name in datasets())


def test_the_upload_form_offers_every_dataset_and_chooses_the_one_in_the_address(client: Client) -> None:
    text = client.get("/upload?dataset=returns").text
    assert re.findall(r'<option value="(\w+)"', text) == list(datasets())
    assert re.findall(r'<option value="(\w+)"[^>]* selected>', text) == ["returns"]
