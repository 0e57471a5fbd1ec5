"""Files are loaded into a real PostgreSQL once, even if events repeat or arrive in the wrong order."""

from __future__ import annotations

import gzip
import itertools
import json
from dataclasses import replace
from typing import LiteralString

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion import messages
from ingestion.event import EventType, FileEvent
from ingestion.ledger import DELETED_REASON
from ingestion.loader import ALREADY_KNOWN
from ingestion.reader import RejectedRow
from ingestion.tables import write_rejects
from tests.integration.database.conftest import FILE, MAX_FILE_BYTES, Pipeline, csv, event, quantities, statuses


def test_valid_and_rejected_rows_are_written_together(pipeline: Pipeline) -> None:
    content = csv(("A", 1), ("B", 0), ("C", 3)) + b"caf\xe9\n"
    outcome = pipeline.loader().load(pipeline.put("incoming/orders/a.csv", content, at=1))
    assert (outcome.status, outcome.rows_loaded, outcome.rows_rejected) == ("loaded", 2, 2)
    assert quantities(pipeline) == {"A": 1, "C": 3}
    rejects = pipeline.shop.rows("SELECT line_number, raw, reasons FROM rejected_rows ORDER BY 1")
    assert [(line, len(reasons)) for line, _, reasons in rejects] == [(3, 1), (5, 2)]
    assert rejects[1][1] == "caf\\xe9"
    row = pipeline.shop.rows("SELECT status, size_bytes, finished_at >= received_at FROM files")
    assert row == [("loaded", len(content), True)]


def test_values_are_stored_as_they_are_in_the_file(pipeline: Pipeline) -> None:
    content = csv().decode() + (
        'A,ada@example.com,MUG,007,9999999999.99,EUR,2024-02-29T23:59:59.5-14:59,"a\\N\t""b""\r\n\\.\nc "\n'
        "B,ada@example.com,MUG,1000000,0,JPY,0001-06-01T00:00:00Z,\\N\n"
        "C,ada@example.com,MUG,1,1.5,CHF,9999-06-01T00:00:00+15:59,\n"
    )
    pipeline.loader().load(pipeline.put("incoming/orders/a.csv", content.encode(), at=1))
    query = "SELECT quantity, unit_price::text, ordered_at::text, notes FROM orders ORDER BY quantity DESC"
    assert pipeline.shop.rows(query) == [
        (1000000, "0", "0001-06-01 00:00:00+00", None),
        (7, "9999999999.99", "2024-03-01 14:58:59.5+00", 'a\\N\t"b"\r\n\\.\nc '),
        (1, "1.5", "9999-05-31 08:01:00+00", None),
    ]


def test_the_last_valid_row_of_an_order_wins_and_a_rejected_row_changes_nothing(pipeline: Pipeline) -> None:
    content = csv(("A", 1), ("A", 2), ("A", 0), ("B", 5))
    outcome = pipeline.loader().load(pipeline.put("incoming/orders/a.csv", content, at=1))
    assert (outcome.rows_loaded, outcome.rows_rejected) == (2, 1)
    assert quantities(pipeline) == {"A": 2, "B": 5}


def test_thousands_of_rejected_rows_are_stored(pipeline: Pipeline) -> None:
    content = csv(*((f"A{number}", number % 2) for number in range(5000)))
    outcome = pipeline.loader().load(pipeline.put("incoming/orders/a.csv", content, at=1))
    assert (outcome.rows_loaded, outcome.rows_rejected) == (2500, 2500)
    assert pipeline.shop.rows("SELECT count(*), min(line_number), max(line_number) FROM rejected_rows") == [
        (2500, 2, 5000)
    ]


@pytest.mark.parametrize(
    "text", ["", "NULL", "\\N", "\\.", '"', '\\"', "{a,b}", "a\\\r\n\\.\n\tb", "é\u2028\U0001f600", "'; --"]
)
def test_the_texts_of_a_rejected_row_are_stored_as_they_are(pipeline: Pipeline, text: str) -> None:
    with pipeline.shop.connect("ingestion") as connection:
        file_id = connection.execute(FILE).fetchall()[0][0]
        write_rejects(
            connection,
            file_id,
            [RejectedRow(2, text, [text, f"a {text}", text], {text: text}), RejectedRow(3, text, [text], None)],
        )
    assert pipeline.shop.rows("SELECT line_number, raw, reasons, fields FROM rejected_rows ORDER BY 1") == [
        (2, text, [text, f"a {text}", text], {text: text}),
        (3, text, [text], None),
    ]


def test_a_repeated_event_changes_nothing(pipeline: Pipeline) -> None:
    put = pipeline.put("incoming/orders/a.csv", csv(("A", 1), ("B", 0)), at=1)
    loader = pipeline.loader()
    loader.load(put)
    before = pipeline.shop.rows("SELECT files::text, (SELECT string_agg(orders::text, '') FROM orders) FROM files")
    assert loader.load(put) is ALREADY_KNOWN
    after = pipeline.shop.rows("SELECT files::text, (SELECT string_agg(orders::text, '') FROM orders) FROM files")
    assert after == before


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_versions_in_any_order_leave_the_same_tables(pipeline: Pipeline, order: tuple[int, ...]) -> None:
    # Sequencers are compared as numbers, not as text: 9 comes before 10.
    puts = [
        pipeline.put("incoming/orders/a.csv", csv(("A", number + 1), (f"only-{number}", 1)), at=1, sequencer=sequencer)
        for number, sequencer in enumerate(["9", "10", "0A0"])
    ]
    for number in order:
        pipeline.loader().load(puts[number])
    assert quantities(pipeline) == {"A": 3, "only-0": 1, "only-1": 1, "only-2": 1}
    query = "SELECT sequencer, status, rows_loaded FROM files ORDER BY lpad(sequencer, 9, '0')"
    assert pipeline.shop.rows(query) == [("9", "superseded", 2), ("10", "superseded", 2), ("0A0", "loaded", 2)]


def test_the_later_upload_wins_and_at_the_same_time_the_greater_key(pipeline: Pipeline) -> None:
    puts = [
        pipeline.put("incoming/orders/b.csv", csv(("A", 1), ("B", 1)), at=2),
        pipeline.put("incoming/orders/a.csv", csv(("A", 2), ("B", 2)), at=2),
        pipeline.put("incoming/orders/c.csv", csv(("A", 3)), at=1),
    ]
    for put in puts:
        pipeline.loader().load(put)
    assert quantities(pipeline) == {"A": 1, "B": 1}
    assert statuses(pipeline) == ["loaded"] * 3


changes = st.lists(
    st.tuples(
        st.sampled_from(["incoming/orders/a", "incoming/orders/b"]),
        st.sampled_from(["put", "put", "put", "broken", "marker"]),
        st.lists(st.sampled_from("ABC"), min_size=1, max_size=3),
        st.integers(0, 1),
        st.booleans(),
    ),
    min_size=2,
    max_size=5,
)


@given(changes=changes, data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_any_events_leaves_the_same_tables(
    pipeline: Pipeline, changes: list[tuple[str, str, list[str], int, bool]], data: st.DataObject
) -> None:
    events: list[FileEvent] = []
    at = 0
    for number, (key, kind, orders, later, reconciled) in enumerate(changes):
        at += later
        if kind == "marker":
            events.append(
                event(key, f"m{number}", at=at, type_=EventType.DELETE_MARKER_CREATED, sequencer=f"{number:X}")
            )
            continue
        content = b"nothing" if kind == "broken" else csv(*((order, number + 1) for order in orders), ("bad", 0))
        put = pipeline.put(key, content, at=at, sequencer=f"{number:X}")
        events.append(replace(put, sequencer=None) if reconciled else put)

    def tables_after(sequence: list[FileEvent]) -> object:
        with pipeline.shop.connect() as connection:
            connection.execute("TRUNCATE files, orders, rejected_rows, withdrawals")
        loader = pipeline.loader()
        for each in sequence:
            loader.load(each)
        pipeline.close()
        return pipeline.tables()

    expected = tables_after(events)
    assert tables_after(data.draw(st.permutations([*events, data.draw(st.sampled_from(events))]))) == expected


def test_a_load_that_fails_midway_is_rolled_back_and_succeeds_the_next_time(pipeline: Pipeline) -> None:
    put = pipeline.put("incoming/orders/a.csv", csv(*((f"A{number}", 1) for number in range(3000))), at=1)
    loader = pipeline.loader()
    pipeline.bucket.breaks_at = 100_000
    with pytest.raises(ConnectionResetError):
        loader.load(put)
    assert pipeline.tables() == ([], [], [])
    pipeline.bucket.breaks_at = None
    assert loader.load(put).rows_loaded == 3000


def test_a_broken_connection_is_replaced(pipeline: Pipeline) -> None:
    loader = pipeline.loader()
    loader.load(pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1))
    with psycopg.connect(pipeline.shop.server.url(), autocommit=True) as superuser:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ingestion'"
        superuser.execute(query)
    assert loader.load(pipeline.put("incoming/orders/b.csv", csv(("B", 1)), at=2)).rows_loaded == 1


def test_a_refused_file_is_in_the_ledger_with_the_reason_and_without_rows(pipeline: Pipeline) -> None:
    pipeline.loader().load(pipeline.put("incoming/orders/a.csv", csv(("A", 1)).replace(b"sku", b"product"), at=1))
    assert pipeline.shop.rows("SELECT status, reason, rows_loaded, finished_at IS NOT NULL FROM files") == [
        ("refused", "Column sku is missing. Found instead: product.", 0, True)
    ]
    assert quantities(pipeline) == {}


def test_a_file_over_the_limit_is_refused_without_being_read(pipeline: Pipeline) -> None:
    put = pipeline.put("incoming/orders/a.csv", b"x" * (MAX_FILE_BYTES + 1), at=1)
    outcome = pipeline.loader().load(put)
    assert outcome.status == "refused"
    assert "1,000,001 bytes" in (outcome.reason or "")


def test_a_file_without_a_row_is_refused(pipeline: Pipeline) -> None:
    outcome = pipeline.loader().load(pipeline.put("incoming/orders/a.csv", csv(), at=1))
    assert (outcome.status, outcome.reason) == ("refused", "The file contains no rows.")


def test_a_file_without_a_good_row_is_refused_with_its_most_common_reasons(pipeline: Pipeline) -> None:
    content = csv(*((f"A{number}", 0) for number in range(9)), ("B 1", 1))
    outcome = pipeline.loader().load(pipeline.put("incoming/orders/a.csv", content, at=1))
    assert (outcome.status, outcome.rows_loaded, outcome.rows_rejected) == ("refused", 0, 10)
    assert outcome.reason == (
        "Every row was rejected, so nothing was loaded. Most common: "
        'quantity "0" must be a whole number from 1 to 1,000,000 (9 rows, first line 2); '
        'order_id "B 1" must be 1 to 64 letters (A to Z), digits, ".", "_" or "-" (1 row, line 11).'
    )
    assert pipeline.shop.rows("SELECT count(*) FROM rejected_rows") == [10]


@pytest.mark.parametrize("name", ["", "2026/", "_SUCCESS", "2026/_SUCCESS", "2026_$folder$", ".DS_Store", "Thumbs.db"])
def test_markers_that_programs_leave_are_ignored_and_noted(pipeline: Pipeline, name: str) -> None:
    outcome = pipeline.loader().load(pipeline.put(f"incoming/orders/{name}", b"", at=1))
    assert (outcome.status, outcome.rows_loaded) == ("ignored", 0)
    assert statuses(pipeline) == ["ignored"]


def test_a_file_in_the_folder_of_no_dataset_is_refused_with_the_folders_that_exist(pipeline: Pipeline) -> None:
    for key in ("incoming/a.csv", "incoming/ordres/a.csv"):
        outcome = pipeline.loader().load(pipeline.put(key, csv(("A", 1)), at=1))
        assert outcome.status == "refused"
        assert "Put the file into one of incoming/customers/, incoming/orders/" in (outcome.reason or "")


def test_a_delete_marker_has_its_own_row_and_the_orders_are_kept(pipeline: Pipeline) -> None:
    loader = pipeline.loader()
    loader.load(pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1))
    loader.load(event("incoming/orders/a.csv", "marker", at=2, type_=EventType.DELETE_MARKER_CREATED))
    assert statuses(pipeline) == ["loaded", "deleted"]
    assert quantities(pipeline) == {"A": 1}


@pytest.mark.parametrize("deletion_type", [EventType.DELETE_MARKER_CREATED, EventType.PERMANENTLY_DELETED])
@pytest.mark.parametrize("deletion_first", [True, False])
def test_a_deletion_supersedes_nothing_whichever_event_comes_first(
    pipeline: Pipeline, deletion_type: EventType, deletion_first: bool
) -> None:
    put = pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1)
    deletion = event(put.key, "later", at=2, type_=deletion_type)
    for each in (deletion, put) if deletion_first else (put, deletion):
        pipeline.loader().load(each)
    assert statuses(pipeline) == ["loaded", "deleted"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_versions_with_the_same_time_and_no_sequencer_are_ordered_by_their_ids(
    pipeline: Pipeline, order: tuple[int, ...]
) -> None:
    puts = []
    for name in "abc":
        put = replace(pipeline.put("incoming/orders/a.csv", b"", at=1), version_id=name, sequencer=None)
        pipeline.bucket.versions[put.key, name] = csv(("A", ord(name)))
        puts.append(put)
    for number in order:
        pipeline.loader().load(puts[number])
    assert quantities(pipeline) == {"A": ord("c")}
    assert pipeline.shop.rows("SELECT status FROM files ORDER BY version_id") == ["superseded", "superseded", "loaded"]


def test_a_version_deleted_before_it_was_read_is_recorded_as_deleted_whichever_event_comes_first(
    pipeline: Pipeline,
) -> None:
    for number, in_order in enumerate((True, False)):
        created = event(f"incoming/orders/{number}.csv", "v", at=1, size=7)
        gone = event(f"incoming/orders/{number}.csv", "v", at=5, type_=EventType.PERMANENTLY_DELETED)
        for each in (created, gone) if in_order else (gone, created):
            pipeline.loader().load(each)
    rows = pipeline.shop.rows("SELECT status, reason, uploaded_at, sequencer, size_bytes FROM files")
    assert rows[0] == rows[1]
    assert rows[0][:2] == ("deleted", DELETED_REASON)


def test_a_version_deleted_after_it_was_read_keeps_its_row(pipeline: Pipeline) -> None:
    put = pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1)
    pipeline.loader().load(put)
    pipeline.loader().load(event(put.key, put.version_id, at=9, type_=EventType.PERMANENTLY_DELETED))
    assert statuses(pipeline) == ["loaded"]


garbage = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [csv(), csv(("A", 1)).splitlines()[1], b'"', b"\n", b"\r\n", b"\\.\n", b"\0", b"\xef\xbb\xbf", b"{}"]
        ),
    ),
    max_size=12,
).map(b"".join)


@given(content=garbage, name=st.sampled_from(["a.csv", "a.csv.gz", "a.jsonl"]), compressed=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_of_any_bytes_gets_a_result_in_the_ledger_once(
    pipeline: Pipeline, content: bytes, name: str, compressed: bool
) -> None:
    for beginning in (b"", csv(), json.dumps({"order_id": "A"}).encode()):
        data = gzip.compress(beginning + content) if compressed else beginning + content
        put = pipeline.put(f"incoming/orders/{name}", data, at=1)
        loader = pipeline.loader()
        outcome = loader.load(put)
        assert outcome.status in ("loaded", "refused", "superseded")
        query = f"""SELECT rows_rejected, (SELECT count(*) FROM rejected_rows JOIN files USING (file_id)
                    WHERE version_id = '{put.version_id}') FROM files WHERE version_id = '{put.version_id}'"""
        assert pipeline.shop.rows(query) == [(outcome.rows_rejected, outcome.rows_rejected)]
        assert loader.load(put) is ALREADY_KNOWN
    pipeline.close()


@pytest.mark.parametrize(
    "statement",
    ["ALTER TABLE orders ALTER customer_email TYPE integer USING 0", "ALTER TABLE orders ADD CHECK (quantity > 5)"],
)
def test_values_of_orders_in_postgresqls_errors_are_not_logged(
    pipeline: Pipeline, caplog: pytest.LogCaptureFixture, statement: LiteralString
) -> None:
    with pipeline.shop.connect() as connection:
        connection.execute(statement)
    put = pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1)
    with pytest.raises((psycopg.DataError, psycopg.IntegrityError)) as caught:
        pipeline.loader().load(put)
    assert "ada@" in str(caught.value)
    messages._report(caught.value)
    (record,) = caplog.records
    assert "tables.py" in vars(record)["traceback"]
    assert "failed: " in record.getMessage()
    assert "ada@" not in str(vars(record))
