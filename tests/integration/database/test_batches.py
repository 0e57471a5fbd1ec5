"""Batches are copied or merged, and in both cases the tables end like those of a simple model."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion import reader, tables
from ingestion.content import Content
from ingestion.event import FileEvent
from ingestion.loader import ALREADY_KNOWN
from tabular.declaration import KnownKey
from tests.integration.database.conftest import DATASETS, Pipeline, csv, quantities, statuses

SMALL = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """About three rows per chunk and six per batch. A match of the fast path takes three rows at most."""
    monkeypatch.setattr(reader, "_CHUNK_BYTES", 150)
    monkeypatch.setattr(tables, "BATCH_BYTES", 300)
    text_end = Content.text_end

    def few_rows(self: Content) -> int:
        last, end = text_end(self), self.position
        for _ in range(3):
            end = self.buffer.find(b"\n", end, last) + 1 or last
        return end

    monkeypatch.setattr(Content, "text_end", few_rows)


@pytest.fixture
def merged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of rows of each batch that is merged."""
    found: list[int] = []
    merge = tables.DatasetWriter._merge

    def recorded(self: tables.DatasetWriter, lines: Any, batch: tables._Batch) -> None:
        merge(self, lines, batch)
        found.append(batch.rows)

    monkeypatch.setattr(tables.DatasetWriter, "_merge", recorded)
    return found


def test_a_small_file_has_many_batches(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    insert = tables.DatasetWriter._insert

    def recorded(self: tables.DatasetWriter, batch: tables._Batch) -> bool:
        inserted = insert(self, batch)
        sizes.append(batch.rows)
        return inserted

    monkeypatch.setattr(tables.DatasetWriter, "_insert", recorded)
    pipeline.loader().load(pipeline.put("incoming/orders/a.csv", csv(*((f"A{n}", 1) for n in range(40))), at=1))
    assert (sum(sizes), max(sizes)) == (40, 6)


# Few ids, so that they repeat within a batch, across batches and across files. A row with quantity 0 is rejected.
rows_of_a_file = st.lists(st.tuples(st.sampled_from("ABCDEFGHIJ"), st.integers(0, 9)), max_size=40)


@SMALL
@given(
    files=st.lists(rows_of_a_file, min_size=1, max_size=3),
    order=st.randoms(use_true_random=False),
    known_key=st.sampled_from(["replace", "keep", "reject"]),
)
def test_the_tables_are_those_of_the_model(
    pipeline: Pipeline, files: list[list[tuple[str, int]]], order: Random, known_key: KnownKey
) -> None:
    """In any order, and again when the files are reprocessed."""
    with pipeline.shop.connect() as connection:
        connection.execute("TRUNCATE files, orders, rejected_rows, withdrawals")
    puts = [pipeline.put(f"incoming/orders/{at}.csv", csv(*rows), at=at) for at, rows in enumerate(files)]
    taken = list(range(len(files)))
    order.shuffle(taken)
    outcomes = {at: pipeline.loader(known_key=known_key, max_rejected_percent=100).load(puts[at]) for at in taken}
    expected: dict[str, int] = {}
    for at in taken if known_key == "reject" else sorted(taken, reverse=known_key == "keep"):
        valid = [(name, quantity) for name, quantity in files[at] if quantity]
        found = dict(valid if known_key == "replace" else valid[::-1])
        rejected = len(files[at]) - len(valid)
        if known_key == "reject":
            found = {name: quantity for name, quantity in found.items() if name not in expected}
            rejected = len(files[at]) - len(found)
        assert (outcomes[at].rows_loaded, outcomes[at].rows_rejected) == (len(found), rejected)
        assert outcomes[at].status == ("loaded" if found else "refused")
        expected |= found
    assert quantities(pipeline) == expected
    before = pipeline.tables()
    for at in taken:
        again = pipeline.loader(known_key=known_key, max_rejected_percent=100).load(replace(puts[at], reprocess=True))
        assert again == outcomes[at]
    assert pipeline.tables() == before
    pipeline.close()


def test_new_orders_are_copied_directly_into_the_table(pipeline: Pipeline, merged: list[int]) -> None:
    pipeline.loader().load(pipeline.put("incoming/orders/a.csv", csv(*((f"A{n}", 1) for n in range(100))), at=1))
    assert merged == []
    assert len(quantities(pipeline)) == 100


def test_batches_with_existing_orders_are_merged_and_then_more_and_more_batches(
    pipeline: Pipeline, merged: list[int]
) -> None:
    pipeline.loader().load(pipeline.put("incoming/orders/a.csv", csv(("A0", 1)), at=1))
    pipeline.loader().load(pipeline.put("incoming/orders/b.csv", csv(*((f"A{n}", 2) for n in range(100))), at=2))
    assert len(merged) == 1
    pipeline.loader().load(pipeline.put("incoming/orders/c.csv", csv(*((f"A{n}", 3) for n in range(100))), at=3))
    assert sum(merged[1:]) == 100
    assert quantities(pipeline) == {f"A{n}": 3 for n in range(100)}


def test_an_order_that_a_later_file_replaced_is_counted_once_in_two_batches(pipeline: Pipeline) -> None:
    pipeline.loader().load(pipeline.put("incoming/orders/b.csv", csv(("A", 9), ("B", 9)), at=2))
    rows = [("A", 1), ("B", 1), *((f"C{n}", 1) for n in range(20)), ("A", 2), *((f"D{n}", 1) for n in range(20))]
    outcome = pipeline.loader().load(pipeline.put("incoming/orders/a.csv", csv(*rows), at=1))
    assert outcome.rows_loaded == 42
    assert pipeline.shop.rows("SELECT quantity FROM orders WHERE order_id IN ('A', 'B')") == [9, 9]


@pytest.mark.parametrize(("known_key", "repeated", "rejected"), [("keep", 1, 0), ("reject", 0, 1)])
def test_the_first_row_of_an_order_in_two_batches_counts_also_when_the_file_is_reprocessed(
    pipeline: Pipeline, known_key: KnownKey, repeated: int, rejected: int
) -> None:
    rows = [("A", 1), *((f"C{n}", 1) for n in range(20)), ("A", 2), *((f"D{n}", 1) for n in range(20))]
    put = pipeline.put("incoming/orders/a.csv", csv(*rows), at=1)
    first = pipeline.loader(known_key=known_key).load(put)
    assert (first.rows_loaded, first.rows_rejected) == (41, rejected)
    assert (first.reason is not None) == bool(repeated)
    for _ in range(2):
        assert pipeline.shop.rows("SELECT quantity FROM orders WHERE order_id = 'A'") == [1]
        assert pipeline.loader(known_key=known_key).load(replace(put, reprocess=True)) == first


def test_a_reprocessed_file_brings_the_values_that_it_has_now(pipeline: Pipeline) -> None:
    put = pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1)
    for known_key, quantity in (("replace", 1), ("keep", 2), ("reject", 3), ("replace", 4)):
        pipeline.bucket.versions[put.key, put.version_id] = csv(("A", quantity))
        pipeline.loader(known_key=known_key).load(replace(put, reprocess=True))
        assert quantities(pipeline) == {"A": quantity}


def test_rows_with_known_keys_count_like_all_rejected_rows(pipeline: Pipeline) -> None:
    known = [(f"A{n}", 1) for n in range(30)]
    pipeline.loader(known_key="reject").load(pipeline.put("incoming/orders/0.csv", csv(*known), at=0))
    few = pipeline.loader(known_key="reject").load(pipeline.put("incoming/orders/1.csv", csv(*known[:3]), at=1))
    reason = "order_id is known already: this dataset rejects a row whose key it has (3 rows, first line 2)."
    assert few.reason == f"Every row was rejected, so nothing was loaded. Most common: {reason}"
    many = pipeline.loader(known_key="reject", max_rejected_percent=50).load(
        pipeline.put("incoming/orders/2.csv", csv(*known, ("B", 1)), at=2)
    )
    assert (many.status, many.rows_rejected) == ("refused", 30)
    assert (many.reason or "").startswith("Too many rows were rejected: 30 of the first 31; the limit is 50 %. Most")
    query = "SELECT count(*) FROM rejected_rows GROUP BY file_id ORDER BY file_id"
    assert pipeline.shop.rows(query) == [3, 30]
    assert quantities(pipeline) == dict(known)


def test_a_row_whose_file_is_no_longer_in_the_ledger_stays(pipeline: Pipeline) -> None:
    with pipeline.shop.connect() as connection:
        pipeline.loader().load(pipeline.put("incoming/orders/0.csv", csv(("A", 1)), at=0))
        connection.execute("UPDATE orders SET file_id = 999")
    for at in (1, 2):
        assert pipeline.loader().load(pipeline.put(f"incoming/orders/{at}.csv", csv(("A", 2)), at=at)).rows_loaded == 1
    assert quantities(pipeline) == {"A": 1}


def test_a_dataset_that_is_named_like_a_temporary_table_is_stored_in_its_own(pipeline: Pipeline) -> None:
    orders = DATASETS["orders"]
    loader = pipeline.loader()
    loader._datasets = {name: replace(orders, name=name) for name in ("orders", "incoming_orders")}
    with pipeline.shop.connect() as connection:
        connection.execute("CREATE TABLE incoming_orders (LIKE orders INCLUDING ALL)")
        connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON incoming_orders TO ingestion")
    for at in (1, 2):  # the second file makes the temporary table
        loader.load(pipeline.put("incoming/orders/a.csv", csv(("A", at)), at=at))
    loader.load(pipeline.put("incoming/incoming_orders/a.csv", csv(("Z", 1)), at=3))
    assert pipeline.shop.rows("SELECT order_id FROM incoming_orders") == ["Z"]


def test_an_order_that_is_in_every_line_is_one_order(pipeline: Pipeline) -> None:
    outcome = pipeline.loader().load(
        pipeline.put("incoming/orders/a.csv", csv(*(("A", n) for n in range(1, 500))), at=1)
    )
    assert outcome.rows_loaded == 1
    assert quantities(pipeline) == {"A": 499}


def test_gzip_and_json_lines_make_the_same_rows_as_csv(pipeline: Pipeline) -> None:
    rows = [(f"A{n}", n % 9) for n in range(50)]
    plain = csv(*rows)
    names, *lines = plain.decode().splitlines()
    records = [dict(zip(names.split(","), line.split(","), strict=True)) for line in lines]
    lines_of_json = "".join(json.dumps(record) + "\n" for record in records).encode()
    contents = {"a.csv": plain, "b.csv.gz": gzip.compress(plain), "c": lines_of_json, "d": gzip.compress(lines_of_json)}
    found = []
    for key, content in contents.items():
        outcome = pipeline.loader().load(pipeline.put(f"incoming/orders/{key}", content, at=1))
        stored = pipeline.shop.rows("SELECT to_jsonb(orders) - 'file_id' FROM orders ORDER BY order_id")
        found.append((replace(outcome, size_bytes=None), stored))
        with pipeline.shop.connect() as connection:
            connection.execute("TRUNCATE files, orders, rejected_rows, withdrawals")
    assert found[1:] == found[:-1]
    assert (found[0][0].rows_loaded, found[0][0].rows_rejected) == (44, 6)


@pytest.mark.parametrize(
    ("key", "content", "reason"),
    [
        ("a.csv.gz", csv(("A", 1)), "says that the file is compressed"),
        ("a.csv", gzip.compress(csv(*((f"A{n}", n) for n in range(1, 60))))[:-9], "The gzip file is incomplete"),
        ("a.csv", gzip.compress(csv() + b"\n" * 1_000_001), "The decompressed file has more than 1,000,000 bytes"),
        (
            "a.csv",
            csv(*((f"A{n}", int(n < 40)) for n in range(101))),
            "Too many rows were rejected: 61 of the first 101",
        ),
    ],
    ids=["declared gzip", "incomplete", "beyond the limit", "too many rejects"],
)
def test_a_file_that_is_refused_midway_leaves_no_rows(
    pipeline: Pipeline, key: str, content: bytes, reason: str
) -> None:
    outcome = pipeline.loader().load(pipeline.put(f"incoming/orders/{key}", content, at=1))
    assert (outcome.status, outcome.rows_loaded) == ("refused", 0)
    assert reason in (outcome.reason or "")
    assert quantities(pipeline) == {}
    assert pipeline.shop.rows("SELECT count(*) FROM rejected_rows") == [outcome.rows_rejected]


def test_the_first_thousand_rejects_of_a_refused_file_are_kept(pipeline: Pipeline) -> None:
    content = csv(*((f"A{n}", 0) for n in range(10_001)))
    outcome = pipeline.loader().load(pipeline.put("incoming/orders/a.csv", content, at=1))
    assert (outcome.status, outcome.rows_rejected) == ("refused", 6_001)  # more than 60 % of the first 10,000
    assert pipeline.shop.rows("SELECT count(*), max(line_number) FROM rejected_rows") == [(1_000, 1_001)]


class TestReprocessing:
    """A version that is in the ledger is loaded again on request."""

    @staticmethod
    def reprocess(put: FileEvent) -> FileEvent:
        return replace(put, reprocess=True)

    def test_loading_a_file_again_gives_the_same_result(self, pipeline: Pipeline) -> None:
        rows = [*((f"A{n}", n % 5) for n in range(40)), ("A1", 7)]
        put = pipeline.put("incoming/orders/a.csv", csv(*rows), at=1)
        first = pipeline.loader().load(put)
        before = pipeline.tables()
        for _ in range(2):
            assert pipeline.loader().load(self.reprocess(put)) == first
            assert pipeline.tables() == before

    def test_a_file_that_was_refused_under_an_old_limit_is_loaded(
        self, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put = pipeline.put("incoming/orders/a.csv", csv(*((f"A{n}", int(n > 70)) for n in range(100))), at=1)
        assert pipeline.loader().load(put).status == "refused"
        monkeypatch.setattr("tests.integration.database.conftest.MAX_REJECTED_PERCENT", 90)
        outcome = pipeline.loader().load(self.reprocess(put))
        assert (outcome.status, outcome.rows_loaded, outcome.rows_rejected) == ("loaded", 29, 71)
        assert pipeline.shop.rows("SELECT count(*) FROM rejected_rows") == [71]

    def test_orders_of_a_later_file_are_not_replaced(self, pipeline: Pipeline) -> None:
        put = pipeline.put("incoming/orders/a.csv", csv(("A", 1), ("B", 1)), at=1)
        pipeline.loader().load(put)
        pipeline.loader().load(pipeline.put("incoming/orders/a.csv", csv(("A", 2)), at=2))
        outcome = pipeline.loader().load(self.reprocess(put))
        assert (outcome.status, outcome.rows_loaded) == ("superseded", 2)
        assert quantities(pipeline) == {"A": 2, "B": 1}
        assert statuses(pipeline) == ["superseded", "loaded"]

    def test_the_order_of_versions_comes_from_the_ledger_and_not_from_the_request(self, pipeline: Pipeline) -> None:
        # Two versions of the same second: only the sequencer says which is later.
        older = pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1, sequencer="1")
        newer = pipeline.put("incoming/orders/a.csv", csv(("A", 2)), at=1, sequencer="2")
        older, newer = (replace(put, version_id=name) for put, name in ((older, "z"), (newer, "b")))
        pipeline.bucket.versions |= {
            ("incoming/orders/a.csv", "z"): csv(("A", 1)),
            ("incoming/orders/a.csv", "b"): csv(("A", 2)),
        }
        for put in (older, newer):
            pipeline.loader().load(put)
        before = pipeline.tables()
        for put in (older, newer):
            later = put.uploaded_at + timedelta(seconds=30)
            pipeline.loader().load(replace(put, reprocess=True, sequencer=None, uploaded_at=later))
            assert pipeline.tables() == before

    @pytest.mark.parametrize("then", ["deleted", "refused"])
    def test_a_file_that_cannot_be_loaded_again_keeps_its_rows(
        self, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, then: str
    ) -> None:
        put = pipeline.put("incoming/orders/a.csv", csv(*((f"A{n}", n % 2) for n in range(100))), at=1)
        pipeline.loader().load(put)
        before = pipeline.tables()
        if then == "deleted":
            pipeline.bucket.versions.clear()
        else:
            monkeypatch.setattr("tests.integration.database.conftest.MAX_REJECTED_PERCENT", 10)
        assert pipeline.loader().load(self.reprocess(put)) is ALREADY_KNOWN
        assert pipeline.tables() == before

    def test_a_version_that_is_not_in_the_ledger_is_loaded(self, pipeline: Pipeline) -> None:
        put = pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1)
        assert pipeline.loader().load(self.reprocess(put)).rows_loaded == 1
