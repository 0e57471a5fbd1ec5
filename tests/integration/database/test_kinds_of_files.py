"""What the ledger says about markers, about files without one valid row, and about kinds other than CSV."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest

from tests.integration.database.conftest import Pipeline, csv, quantities
from tests.support.workbooks import number, sheet_data, text, workbook

MARKERS = [
    "_SUCCESS",
    "2026/_committed_123",
    "orders_$folder$",
    "2026/",
    ".DS_Store",
    "2026/._orders.csv",
    "~$orders.xlsx",
    ".part-00000.csv.crc",
    "_temporary/0/part-00000.csv",
]


def test_markers_are_ignored_and_noted_whatever_they_contain(pipeline: Pipeline) -> None:
    loader = pipeline.loader()
    times = itertools.count(1)
    for name in MARKERS:
        for content in (b"", csv(("A", 1))):
            outcome = loader.load(pipeline.put(f"incoming/orders/{name}", content, at=next(times)))
            assert (outcome.status, outcome.rows_loaded) == ("ignored", 0)
    assert loader.load(pipeline.put("incoming/nothing/_SUCCESS", b"", at=50)).status == "ignored"
    query = "SELECT DISTINCT status, reason FROM files WHERE status <> 'superseded'"
    assert pipeline.shop.rows(query) == [("ignored", "A marker that a program or a computer leaves beside files.")]
    assert quantities(pipeline) == {}


@pytest.mark.parametrize(
    "name", ["SUCCESS.csv", "_SUCCESS_orders.csv", "a~$b.csv", "2026_$folder$/a.csv", "my.crc.csv"]
)
def test_a_file_whose_name_only_resembles_a_marker_is_loaded(pipeline: Pipeline, name: str) -> None:
    assert pipeline.loader().load(pipeline.put(f"incoming/orders/{name}", csv(("A", 1)), at=1)).rows_loaded == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (csv(), "The file contains no rows."),
        (
            csv(("#1", 1), ("#2", 1)),
            'Every row was rejected, so nothing was loaded. Most common: order_id "#1" must be ',
        ),
        (b"[]", "The file contains no rows."),
        (b'{"orders": [{"sku": "MUG"}]}', 'Most common: the rows are inside the list "orders"'),
        (b"%PDF-1.7", "The file is a PDF document."),
    ],
)
def test_a_file_of_which_nothing_is_loaded_is_refused(pipeline: Pipeline, content: bytes, reason: str) -> None:
    outcome = pipeline.loader().load(pipeline.put("incoming/orders/a", content, at=1))
    assert (outcome.status, outcome.rows_loaded) == ("refused", 0)
    assert reason in (outcome.reason or "")


@pytest.mark.parametrize("name", [b"\\u0000", b"\\ud800", b"\0"])
@pytest.mark.parametrize(
    "text",
    [
        b'{"%b": [{"order_id": "A"}]}',
        b'{"%b": {"order_id": "A"}}',
        b'{"a": {"%b": [{"x": 1}]}}',
        b'{"%b": [{' + b" " * 70_000,
        b'[{"a": 1,\n"%b": [{' + b" " * 70_000,
        b'order_id,"\n%b"\nA,1',
        b"PK\3\4%b",
    ],
)
def test_a_reason_can_be_stored_whatever_the_file_calls_its_parts(pipeline: Pipeline, text: bytes, name: bytes) -> None:
    outcome = pipeline.loader().load(pipeline.put("incoming/orders/a", text % name, at=1))
    assert outcome.status == "refused"
    assert pipeline.shop.rows("SELECT reason FROM files") == [outcome.reason]


def test_rows_that_repeat_a_key_are_counted_in_a_note(pipeline: Pipeline) -> None:
    outcome = pipeline.loader().load(pipeline.put("incoming/orders/a.csv", csv(("A", 1), ("A", 2), ("B", 3)), at=1))
    assert (outcome.status, outcome.rows_loaded) == ("loaded", 2)
    assert outcome.reason == "1 row repeats the order_id of another row of this file; the last one counts."


def test_a_workbook_and_a_json_array_load_the_same_orders_as_csv(pipeline: Pipeline) -> None:
    header, *rows = csv(("A", 1), ("B", 0), ("C", 3)).decode().splitlines()
    records = [dict(zip(header.split(","), row.split(","), strict=True)) for row in rows]
    cells = {
        at: [number(value) if name in ("quantity", "unit_price") else text(value) for name, value in record.items()]
        for at, record in enumerate(records, 2)
    }
    sheet = sheet_data({1: [text(name) for name in header.split(",")], **cells})
    files = {
        "a.csv": csv(("A", 1), ("B", 0), ("C", 3)),
        "a.xlsx": workbook({"Orders": sheet}),
        "a.json": json.dumps(records, indent=1).encode(),
        "a.txt": "\ufeff".encode("utf-16-le") + csv(("A", 1), ("B", 0), ("C", 3)).decode().encode("utf-16-le"),
    }
    stored = []
    for at, (name, content) in enumerate(files.items(), 1):
        outcome = pipeline.loader().load(pipeline.put(f"incoming/orders/{name}", content, at=at))
        assert (outcome.status, outcome.rows_loaded, outcome.rows_rejected) == ("loaded", 2, 1)
        stored.append(
            pipeline.shop.rows("SELECT order_id, quantity, unit_price, ordered_at, notes FROM orders ORDER BY 1")
        )
    assert stored == [stored[0]] * len(files)
    lines = pipeline.shop.rows("SELECT line_number FROM rejected_rows ORDER BY file_id")
    assert lines == [3, 3, 12, 3]


@pytest.mark.parametrize(
    "value", ["zq7x@secret", 'x"zq7x@secret', '"zq7x@secret', 'x" y "zq7x@secret', "x\nzq7x@secret"]
)
@pytest.mark.parametrize("place", ['"A-1",{},M', '"A-1",a@example.com,{}'])
def test_no_log_entry_has_a_value_of_the_file(
    pipeline: Pipeline, caplog: pytest.LogCaptureFixture, value: str, place: str
) -> None:
    loader = pipeline.loader(max_rejected_percent=1)
    event = pipeline.put("incoming/orders/a", csv(("A", 1)), at=1)
    loader.load(event)
    header, _, _ = csv().decode().partition("\n")
    quoted = '"' + value.replace('"', '""') + '"'
    row = f"{place.format(quoted)},1,12.50,EUR,2026-03-31T14:05:00Z,"
    bad = "\n".join([header, *[row] * 30]).encode()
    outcome = loader.load(pipeline.put("incoming/orders/b", bad, at=2))
    assert "zq7x@secret" in (outcome.reason or "")
    pipeline.bucket.versions[event.key, event.version_id] = bad
    with caplog.at_level("INFO"):
        loader.load(replace(event, reprocess=True))
    (entry,) = caplog.records
    assert "earlier result is kept" in entry.message
    for logged in (str(vars(entry)), outcome.reason_for_logs or ""):
        assert "Too many rows were rejected" in logged
        assert "zq7x@secret" not in logged
