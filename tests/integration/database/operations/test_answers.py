"""The operations function answers from tables that ingestion wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from ingestion.event import EventType
from operations import answers
from operations.answers import REJECTS_SHOWN, VERSIONS_SHOWN, inspect, known_versions
from operations.requests import Inspect, KnownVersions
from tests.integration.database.conftest import BUCKET, START, Pipeline, Shop, csv, event

KEY = "incoming/orders/x.csv"


@pytest.fixture
def connection(shop: Shop) -> Iterator[psycopg.Connection]:
    """As the function connects."""
    with shop.connect("operations") as connection:
        yield connection


def test_a_file_is_shown_with_its_rejected_rows_and_its_number_of_stored_orders(
    pipeline: Pipeline, connection: psycopg.Connection
) -> None:
    first = pipeline.put(KEY, csv(("a", 1), ("b", 1), ("c", 0)), at=1)
    second = pipeline.put(KEY, csv(("b", 2)), at=2)
    for file in (first, second):
        pipeline.loader().load(file)

    answer = inspect(connection, BUCKET, Inspect(key=KEY))

    assert answer["total"] == 2
    newest, oldest = answer["versions"]
    assert (newest["version_id"], newest["status"]) == (second.version_id, "loaded")
    assert (oldest["version_id"], oldest["status"], oldest["rows_loaded"]) == (first.version_id, "superseded", 2)
    assert (newest["rows_stored"], oldest["rows_stored"]) == (1, 1)
    assert newest["rejects"] == []
    (reject,) = oldest["rejects"]
    assert (reject["line_number"], reject["raw"][:2]) == (4, "c,")
    assert "quantity" in reject["reasons"][0]
    assert oldest["uploaded_at"] == "2026-11-20T10:00:01+00:00"


def test_it_is_shown_who_had_a_version_loaded_again(pipeline: Pipeline, connection: psycopg.Connection) -> None:
    put = pipeline.put(KEY, csv(("a", 1)), at=1)
    for at in (None, START + timedelta(days=1)):
        pipeline.loader().load(replace(put, reprocess=True, requested_by="arn:ada", requested_at=at, why="wrong limit"))
    (version,) = inspect(connection, BUCKET, Inspect(key=KEY))["versions"]
    assert [request["requested_at"] for request in version["requests"]] == [
        "2026-11-21T10:00:00+00:00",
        "2026-11-20T10:00:01+00:00",
    ]
    assert (version["requests"][0]["requested_by"], version["requests"][0]["why"]) == ("arn:ada", "wrong limit")


def test_it_is_shown_who_withdrew_a_version(pipeline: Pipeline, connection: psycopg.Connection) -> None:
    for at in (1, 2):
        pipeline.loader().load(pipeline.put(KEY, csv(("a", at)), at=at))
    with pipeline.shop.connect() as owner:
        owner.execute("INSERT INTO withdrawals SELECT max(file_id), %s, 'arn:ada', 'wrong prices' FROM files", [START])
    newest, oldest = inspect(connection, BUCKET, Inspect(key=KEY))["versions"]
    found = [newest[f"withdrawn_{name}"] for name in ("at", "by", "why")]
    assert found == ["2026-11-20T10:00:00+00:00", "arn:ada", "wrong prices"]
    assert oldest["withdrawn_by"] is None


def test_the_size_of_an_answer_is_limited(shop: Shop, connection: psycopg.Connection) -> None:
    with shop.connect() as administrator:
        administrator.execute(
            """INSERT INTO files (bucket, key, version_id, uploaded_at, status)
               SELECT 'landing', %s, n::text, now() + n * interval '1 s', 'loaded' FROM generate_series(1, 50) AS n""",
            [KEY],
        )
        administrator.execute(
            """INSERT INTO rejected_rows SELECT file_id, n, repeat('x', 4096), '{wrong}'
               FROM files, generate_series(1, 50) AS n"""
        )
    answer = inspect(connection, BUCKET, Inspect(key=KEY))
    assert (answer["total"], len(answer["versions"]), answer["versions"][0]["version_id"]) == (50, VERSIONS_SHOWN, "50")
    for version in answer["versions"]:
        assert len(version["rejects"]) == REJECTS_SHOWN
        assert all(len(reject["raw"]) == 200 for reject in version["rejects"])


def test_an_unknown_key_has_no_versions(connection: psycopg.Connection) -> None:
    assert inspect(connection, BUCKET, Inspect(key="incoming/never")) == {
        "key": "incoming/never",
        "total": 0,
        "versions": [],
    }


def test_orders_that_take_too_long_to_count_are_left_out(
    pipeline: Pipeline, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.loader().load(pipeline.put(KEY, csv(("a", 1)), at=1))
    monkeypatch.setattr(answers, "_COUNT_SECONDS", 0.05)
    with pipeline.shop.connect() as administrator, administrator.transaction():
        administrator.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")  # simulates a slow count
        answer = inspect(connection, BUCKET, Inspect(key=KEY))
    assert answer["versions"][0]["rows_stored"] is None
    assert answer["versions"][0]["status"] == "loaded"


def test_pages_of_known_versions_are_in_s3s_order_and_complete(
    pipeline: Pipeline, connection: psycopg.Connection
) -> None:
    keys = ["incoming/Z", "incoming/a", "incoming/a-b", "incoming/a/b", "incoming/ä", "incoming/€", "incoming/𝄞"]
    known = [(key, f"v{number}") for key in keys for number in (1, 2, 3)]
    for key, version in known:
        deleted = EventType.DELETE_MARKER_CREATED
        pipeline.loader().load(event(key, version, at=1, type_=deleted))

    pages: list[Any] = []
    after = None
    while not pages or len(pages[-1]) == 4:
        answer = known_versions(connection, BUCKET, KnownVersions(after=after, limit=4))
        pages.append(answer["versions"])
        after = tuple(answer["versions"][-1]) if answer["versions"] else after
    assert [tuple(each) for page in pages for each in page] == sorted(known, key=lambda each: each[0].encode())


def test_files_of_another_bucket_are_not_found(pipeline: Pipeline, connection: psycopg.Connection) -> None:
    pipeline.loader().load(event(KEY, "v1", at=1, type_=EventType.DELETE_MARKER_CREATED))
    assert known_versions(connection, "another", KnownVersions(after=None, limit=10)) == {"versions": []}
    assert inspect(connection, "another", Inspect(key=KEY))["total"] == 0
