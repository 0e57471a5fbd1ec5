"""The erasure function removes a person from every table, and nothing of others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from common.erasure import FETCHED_ROWS
from ingestion import tables
from ingestion.content import MAX_RECORD_BYTES
from operations_erasure.erasing import finished_versions, forget
from operations_erasure.requests import FinishedVersions, Forget
from tabular.addresses import Addresses, address_hash
from tests.integration.database.conftest import BUCKET, DATASETS, START, Pipeline, Shop
from tests.integration.database.test_erasures import ADA, CONTENT, EVE, load, orders, stored


@pytest.fixture
def connection(shop: Shop) -> Iterator[psycopg.Connection]:
    """As the function connects."""
    with shop.connect("operations_erasure") as connection:
        yield connection


def request(*, until: datetime | None = None, dry_run: bool = False, address: str = "eve@EXAMPLE.com") -> Forget:
    return Forget(address_hash=address_hash(address), until=until, dry_run=dry_run)


def everything(shop: Shop) -> str:
    tables_ = ("files", "rejected_rows", *DATASETS)
    return str([shop.rows(f"SELECT t::text FROM {table} AS t ORDER BY 1") for table in tables_]).lower()


def fill(pipeline: Pipeline) -> None:
    load(pipeline, pipeline.put("incoming/orders/a.csv", CONTENT, at=10))
    people = "".join(f"{email},Name,DE,yes,2026-03-31T14:05:00Z\n" for email in (EVE, ADA))
    customers = f"email,name,country,newsletter,registered_at\n{people}"
    load(pipeline, pipeline.put("incoming/customers/a.csv", customers.encode(), at=11))
    product = '{"sku": "MUG", "title": "Mug", "price": 1, "active": true, "attributes": {"by": "%s", "n": [1]}}\n'
    load(pipeline, pipeline.put("incoming/products/a.jsonl", (product % EVE).encode(), at=12))
    load(
        pipeline, pipeline.put("incoming/orders/b.csv", orders(("B-1", "no address of eve@example.com", 1, "")), at=13)
    )


def test_a_dry_run_counts_and_changes_nothing(pipeline: Pipeline, connection: psycopg.Connection) -> None:
    fill(pipeline)
    before = everything(pipeline.shop)
    answer = forget(connection, DATASETS, request(dry_run=True))
    assert answer["rows"] == {
        "customers": {"deleted": 1, "masked": 0},
        "orders": {"deleted": 2, "masked": 1},
        "products": {"deleted": 0, "masked": 1},
    }
    assert (answer["rejects"], answer["reasons"], answer["keys"]) == (3, 1, 0)
    assert everything(pipeline.shop) == before
    assert pipeline.shop.rows("SELECT count(*) FROM erasures") == [0]
    real = forget(connection, DATASETS, request())
    assert {name: real[name] for name in ("rows", "rejects", "reasons")} == {
        name: answer[name] for name in ("rows", "rejects", "reasons")
    }


def test_an_erasure_leaves_the_rows_of_others_and_nothing_of_the_person(
    pipeline: Pipeline, connection: psycopg.Connection
) -> None:
    fill(pipeline)
    forget(connection, DATASETS, request())
    assert stored(pipeline) == {"A-2": "for ***.", "A-7": ""}
    assert pipeline.shop.rows("SELECT email FROM customers") == [ADA]
    assert pipeline.shop.rows("SELECT attributes::text FROM products") == ['{"n": [1], "by": "***"}']
    assert "eve@example.com" not in everything(pipeline.shop).replace("joeve@example.com", "")
    again = forget(connection, DATASETS, request())
    assert (again["rows"], again["rejects"], again["reasons"]) == ({}, 0, 0)


def test_what_came_after_the_erasure_stays_when_it_is_repeated_for_a_restored_database(
    pipeline: Pipeline, connection: psycopg.Connection
) -> None:
    load(pipeline, pipeline.put("incoming/orders/a.csv", orders(("A-1", EVE, 1, "")), at=10))
    load(pipeline, pipeline.put("incoming/orders/b.csv", orders(("B-1", EVE, 1, f"{EVE}"), ("B-2", EVE, 0, "")), at=30))
    forget(connection, DATASETS, request(until=START + timedelta(seconds=20)))
    assert stored(pipeline) == {"B-1": EVE}
    assert pipeline.shop.rows("SELECT count(*) FROM rejected_rows") == [1]


def test_a_load_that_is_under_way_brings_nobody_back(pipeline: Pipeline, connection: psycopg.Connection) -> None:
    """The erasure waits for it, and a load that begins afterwards erases by itself."""
    put = pipeline.put("incoming/orders/a.csv", orders(("A-1", EVE, 1, "")), at=10)
    with pipeline.shop.connect("ingestion") as loading, ThreadPoolExecutor(1) as pool:
        with loading.transaction():
            tables.lock(loading, exclusive=False)
            waiting = pool.submit(forget, connection, DATASETS, request())
            with pytest.raises(TimeoutError):
                waiting.result(timeout=1)
            loading.execute("INSERT INTO orders VALUES ('A-9', %s, 'MUG', 1, 1, 'EUR', now(), NULL, 1)", [EVE])
        assert waiting.result(timeout=10)["rows"] == {"orders": {"deleted": 1, "masked": 0}}
    load(pipeline, put)
    assert stored(pipeline) == {}


def test_only_versions_that_are_finished_are_named(pipeline: Pipeline, connection: psycopg.Connection) -> None:
    put = pipeline.put("incoming/orders/a.csv", orders(("A-1", ADA, 1, "")), at=10)
    asked: Any = ((put.key, put.version_id), ("incoming/x'; DROP TABLE files", "v"), (put.key, "other"))
    assert finished_versions(connection, BUCKET, FinishedVersions(versions=asked)) == {"versions": []}
    load(pipeline, put)
    assert finished_versions(connection, BUCKET, FinishedVersions(versions=asked)) == {
        "versions": [[put.key, put.version_id]]
    }
    assert finished_versions(connection, "another", FinishedVersions(versions=asked)) == {"versions": []}


def test_a_file_loaded_again_after_the_erasure_brings_nothing_back(
    pipeline: Pipeline, connection: psycopg.Connection
) -> None:
    put = pipeline.put("incoming/orders/a.csv", CONTENT, at=10)
    load(pipeline, put)
    forget(connection, DATASETS, request())
    load(pipeline, replace(put, reprocess=True))
    assert sorted(stored(pipeline)) == ["A-2", "A-7"]


@pytest.mark.parametrize("before", ["\\n", "\\u000a", "\\t"])
def test_a_mention_behind_an_escaped_character_is_found(
    pipeline: Pipeline, connection: psycopg.Connection, before: str
) -> None:
    """As JSON escapes it in a rejected line and in a column of the type object, and reasons in what they quote."""
    product = '{"sku": "%s", "title": "Mug", "price": %s, "active": true, "attributes": {"by": "ask:%s%s"}}\n'
    for sku, price in (("A", 1), ("B", '"no price"')):
        content = (product % (sku, price, before, EVE)).encode()
        load(pipeline, pipeline.put(f"incoming/products/{sku}.jsonl", content, at=10))
    order = orders(("A-1", f"no\xa0{EVE}", 1, ""), ("A-2", ADA, 1, ""))
    load(pipeline, pipeline.put("incoming/orders/a.csv", order, at=11))
    answer = forget(connection, DATASETS, request())
    assert (answer["rows"], answer["rejects"]) == ({"products": {"deleted": 0, "masked": 1}}, 2)
    assert "eve@" not in everything(pipeline.shop)


def test_the_database_waits_for_the_rows_that_take_longest(connection: psycopg.Connection) -> None:
    """A sender could otherwise keep everybody from being erased, with a file of such rows."""
    text = ("a-" * 12 + "@b.c.d.e.f.g.h.i ") * (MAX_RECORD_BYTES // 41)
    began = time.process_time()
    assert not Addresses([address_hash(EVE)]).are_in(text)
    seconds = FETCHED_ROWS * (time.process_time() - began)
    idle = connection.execute(
        "SELECT setting::int FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'"
    ).fetchone()
    assert idle is not None
    assert seconds < idle[0] / 1000 / 2


def test_a_masked_text_is_as_long_as_its_declaration_demands(
    pipeline: Pipeline, connection: psycopg.Connection
) -> None:
    """Otherwise the table refuses it, and nobody in it could ever be erased."""
    orders_ = DATASETS["orders"]
    fields = tuple(
        replace(each, constraints={**each.constraints, "minLength": 8}) if each.name == "notes" else each
        for each in orders_.fields
    )
    load(pipeline, pipeline.put("incoming/orders/a.csv", orders(("A-1", ADA, 1, EVE)), at=10))
    with pipeline.shop.connect() as owner:
        owner.execute("ALTER TABLE orders ADD CHECK (char_length(notes) >= 8)")
    answer = forget(connection, {"orders": replace(orders_, fields=fields)}, request())
    assert answer["rows"] == {"orders": {"deleted": 0, "masked": 1}}
    assert stored(pipeline) == {"A-1": "********"}
