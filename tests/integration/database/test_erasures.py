"""A person who was erased does not come back from a file that was uploaded before, however it is loaded again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ingestion.deadline import Deadline
from ingestion.event import FileEvent
from tabular.addresses import address_hash
from tests.integration.database.conftest import START, Pipeline

HEADER = "order_id,customer_email,sku,quantity,unit_price,currency,ordered_at,notes\n"
LINE = "{},{},MUG,{},12.50,EUR,2026-03-31T14:05:00+02:00,{}\n"
EVE, ADA = "Eve@Example.com", "ada@example.com"


def orders(*rows: tuple[str, str, Any, str]) -> bytes:
    return (HEADER + "".join(LINE.format(*row) for row in rows)).encode()


CONTENT = orders(
    ("A-1", EVE, 1, ""), ("A-2", ADA, 1, "for eve@example.com."), ("A-3", ADA, 0, f"ask {EVE}"), ("A-4", EVE, 0, ""),
    ("A-5", ADA, 0, "x"), ("A-6", "eve@example.com", 2, ""), ("A-7", f"jo{EVE}", 2, ""),
)  # fmt: skip


def erase(pipeline: Pipeline, address: str, *, at: int) -> None:
    with pipeline.shop.connect() as owner:
        owner.execute("INSERT INTO erasures VALUES (%s, %s)", [address_hash(address), START + timedelta(seconds=at)])


def stored(pipeline: Pipeline) -> dict[str, Any]:
    return dict(pipeline.shop.rows("SELECT order_id, coalesce(notes, '') FROM orders"))


def load(pipeline: Pipeline, file: FileEvent) -> Any:
    return pipeline.loader(max_rejected_percent=100).load(file)


def test_a_file_from_before_the_erasure_brings_nothing_of_the_person(pipeline: Pipeline) -> None:
    put = pipeline.put("incoming/orders/a.csv", CONTENT, at=10)
    load(pipeline, put)
    erase(pipeline, EVE, at=20)
    with pipeline.shop.connect() as owner:  # as an erasure does
        owner.execute("DELETE FROM orders WHERE lower(customer_email) = 'eve@example.com'")
    for again in (put, replace(put, reprocess=True)):
        outcome = load(pipeline, again)
    assert outcome.rows_loaded == 2
    assert stored(pipeline) == {"A-2": "for ***.", "A-7": ""}
    assert pipeline.shop.rows("SELECT line_number FROM rejected_rows ORDER BY 1") == [6]
    everything = str(pipeline.tables()).lower()
    assert "joeve@example.com" in everything
    assert "eve@example.com" not in everything.replace("joeve@example.com", "")


def test_a_version_that_the_ledger_lost_brings_nothing_either(pipeline: Pipeline) -> None:
    """As after a restore of the database, when make reconcile loads what came since."""
    erase(pipeline, EVE, at=20)
    load(pipeline, pipeline.put("incoming/orders/a.csv", CONTENT, at=10))
    assert sorted(stored(pipeline)) == ["A-2", "A-7"]


def test_a_file_from_after_the_erasure_is_loaded_whole(pipeline: Pipeline) -> None:
    erase(pipeline, EVE, at=5)
    load(pipeline, pipeline.put("incoming/orders/a.csv", CONTENT, at=10))
    assert sorted(stored(pipeline)) == ["A-1", "A-2", "A-6", "A-7"]


@pytest.mark.parametrize("content", [orders(("A-1", EVE, 1, "")), orders(("A-1", EVE, 0, ""))], ids=["good", "refused"])
def test_a_file_of_the_person_alone_leaves_only_its_entry_in_the_ledger(pipeline: Pipeline, content: bytes) -> None:
    erase(pipeline, EVE, at=20)
    load(pipeline, pipeline.put("incoming/orders/a.csv", content, at=10))
    assert stored(pipeline) == {}
    assert "eve@" not in str(pipeline.tables()).lower()


def test_a_newer_row_of_another_file_stays(pipeline: Pipeline) -> None:
    old = pipeline.put("incoming/orders/a.csv", orders(("A-1", EVE, 1, "")), at=10)
    load(pipeline, old)
    erase(pipeline, EVE, at=20)
    load(pipeline, pipeline.put("incoming/orders/b.csv", orders(("A-1", EVE, 2, "again a customer")), at=30))
    load(pipeline, replace(old, reprocess=True))
    assert stored(pipeline) == {"A-1": "again a customer"}


def test_every_reprocessing_leaves_a_trace_even_if_it_changes_nothing(pipeline: Pipeline) -> None:
    put = pipeline.put("incoming/orders/a.csv", orders(("A-1", ADA, 1, "")), at=10)
    load(pipeline, put)
    assert pipeline.shop.rows("SELECT count(*) FROM reprocess_requests") == [0]
    asked = replace(
        put, reprocess=True, requested_by="arn:ada", requested_at=START + timedelta(days=1), why="it's '; DROP TABLE"
    )
    pipeline.bucket.versions.clear()  # nothing can be loaded again
    for _ in range(2):  # the queue may deliver a message twice
        pipeline.loader().load(asked, Deadline(60))
    pipeline.loader().load(replace(put, reprocess=True), Deadline(60))
    found = pipeline.shop.rows(
        "SELECT key, version_id, requested_by, requested_at, why FROM reprocess_requests ORDER BY 4"
    )
    assert found == [
        (put.key, put.version_id, "unknown", put.uploaded_at, None),
        (put.key, put.version_id, "arn:ada", START + timedelta(days=1), "it's '; DROP TABLE"),
    ]
    assert list(stored(pipeline)) == ["A-1"]
