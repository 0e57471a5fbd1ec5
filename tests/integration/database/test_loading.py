"""Loading into a real PostgreSQL: once, whatever comes twice or in the wrong order."""

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
from ingestion.event import FileEvent, Happened
from ingestion.intake import ALREADY_KNOWN
from ingestion.ledger import GONE_REASON
from tests.integration.database.conftest import MAX_FILE_BYTES, Pipeline, csv, event, quantities, statuses


def test_good_rows_and_rejects_arrive_in_one_go(pipeline: Pipeline) -> None:
    content = csv(("A", 1), ("B", 0), ("C", 3)) + b"caf\xe9\n"
    outcome = pipeline.intake().take_in(pipeline.put("incoming/a.csv", content, at=1))
    assert (outcome.status, outcome.rows_loaded, outcome.rows_rejected) == ("loaded", 2, 2)
    assert quantities(pipeline) == {"A": 1, "C": 3}
    rejects = pipeline.shop.rows("SELECT line_number, raw, reasons FROM rejected_rows ORDER BY 1")
    assert [(line, len(reasons)) for line, _, reasons in rejects] == [(3, 1), (5, 2)]
    assert rejects[1][1] == "caf\\xe9"
    row = pipeline.shop.rows("SELECT status, size_bytes, finished_at >= received_at FROM files")
    assert row == [("loaded", len(content), True)]


def test_values_are_stored_as_they_stand_in_the_file(pipeline: Pipeline) -> None:
    content = csv().decode() + (
        'A,ada@example.com,MUG,007,9999999999.99,EUR,2024-02-29T23:59:59.5-14:59,"a\\N\t""b""\r\n\\.\nc "\n'
        "B,ada@example.com,MUG,1000000,0,JPY,0001-06-01T00:00:00Z,\\N\n"
        "C,ada@example.com,MUG,1,1.5,JPY,9999-06-01T00:00:00+15:59,\n"
    )
    pipeline.intake().take_in(pipeline.put("incoming/a.csv", content.encode(), at=1))
    query = "SELECT quantity, unit_price::text, ordered_at::text, notes FROM orders ORDER BY quantity DESC"
    assert pipeline.shop.rows(query) == [
        (1000000, "0.00", "0001-06-01 00:00:00+00", "\\N"),
        (7, "9999999999.99", "2024-03-01 14:58:59.5+00", 'a\\N\t"b"\r\n\\.\nc '),
        (1, "1.50", "9999-05-31 08:01:00+00", None),
    ]


def test_the_last_valid_line_of_an_order_wins_and_a_rejected_one_erases_nothing(pipeline: Pipeline) -> None:
    content = csv(("A", 1), ("A", 2), ("A", 0), ("B", 5))
    outcome = pipeline.intake().take_in(pipeline.put("incoming/a.csv", content, at=1))
    assert (outcome.rows_loaded, outcome.rows_rejected) == (2, 1)
    assert quantities(pipeline) == {"A": 2, "B": 5}


def test_many_rejects_stream_through_as_well(pipeline: Pipeline) -> None:
    content = csv(*((f"A{number}", number % 2) for number in range(5000)))
    outcome = pipeline.intake().take_in(pipeline.put("incoming/a.csv", content, at=1))
    assert (outcome.rows_loaded, outcome.rows_rejected) == (2500, 2500)
    assert pipeline.shop.rows("SELECT count(*), min(line_number), max(line_number) FROM rejected_rows") == [
        (2500, 2, 5000)
    ]


def test_the_same_event_again_changes_nothing(pipeline: Pipeline) -> None:
    put = pipeline.put("incoming/a.csv", csv(("A", 1), ("B", 0)), at=1)
    intake = pipeline.intake()
    intake.take_in(put)
    before = pipeline.shop.rows("SELECT files::text, (SELECT string_agg(orders::text, '') FROM orders) FROM files")
    assert intake.take_in(put) is ALREADY_KNOWN
    after = pipeline.shop.rows("SELECT files::text, (SELECT string_agg(orders::text, '') FROM orders) FROM files")
    assert after == before


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_versions_in_any_order_leave_the_same_tables(pipeline: Pipeline, order: tuple[int, ...]) -> None:
    # The sequencer decides between versions, not its length as text: 9 comes before 10.
    puts = [
        pipeline.put("incoming/a.csv", csv(("A", number + 1), (f"only-{number}", 1)), at=1, sequencer=sequencer)
        for number, sequencer in enumerate(["9", "10", "0A0"])
    ]
    for number in order:
        pipeline.intake().take_in(puts[number])
    assert quantities(pipeline) == {"A": 3, "only-0": 1, "only-1": 1, "only-2": 1}
    query = "SELECT sequencer, status, rows_loaded FROM files ORDER BY lpad(sequencer, 9, '0')"
    assert pipeline.shop.rows(query) == [("9", "superseded", 2), ("10", "superseded", 2), ("0A0", "loaded", 2)]


def test_between_files_the_later_upload_wins_then_the_key(pipeline: Pipeline) -> None:
    puts = [
        pipeline.put("incoming/b.csv", csv(("A", 1), ("B", 1)), at=2),
        pipeline.put("incoming/a.csv", csv(("A", 2), ("B", 2)), at=2),
        pipeline.put("incoming/c.csv", csv(("A", 3)), at=1),
    ]
    for put in puts:
        pipeline.intake().take_in(put)
    assert quantities(pipeline) == {"A": 1, "B": 1}
    assert statuses(pipeline) == ["loaded"] * 3


changes = st.lists(
    st.tuples(
        st.sampled_from(["incoming/a", "incoming/b"]),
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
            events.append(event(key, f"m{number}", at=at, happened=Happened.MARKED_DELETED, sequencer=f"{number:X}"))
            continue
        content = b"nothing" if kind == "broken" else csv(*((order, number + 1) for order in orders), ("bad", 0))
        put = pipeline.put(key, content, at=at, sequencer=f"{number:X}")
        events.append(replace(put, sequencer=None) if reconciled else put)

    def tables_after(sequence: list[FileEvent]) -> object:
        with pipeline.shop.connect() as connection:
            connection.execute("TRUNCATE files, orders, rejected_rows")
        intake = pipeline.intake()
        for each in sequence:
            intake.take_in(each)
        pipeline.close()
        return pipeline.tables()

    expected = tables_after(events)
    assert tables_after(data.draw(st.permutations([*events, data.draw(st.sampled_from(events))]))) == expected


def test_a_load_that_breaks_off_leaves_nothing_and_succeeds_the_next_time(pipeline: Pipeline) -> None:
    put = pipeline.put("incoming/a.csv", csv(*((f"A{number}", 1) for number in range(3000))), at=1)
    intake = pipeline.intake()
    pipeline.bucket.breaks_at = 100_000
    with pytest.raises(ConnectionResetError):
        intake.take_in(put)
    assert pipeline.tables() == ([], [], [])
    pipeline.bucket.breaks_at = None
    assert intake.take_in(put).rows_loaded == 3000


def test_a_connection_that_was_cut_is_replaced(pipeline: Pipeline) -> None:
    intake = pipeline.intake()
    intake.take_in(pipeline.put("incoming/a.csv", csv(("A", 1)), at=1))
    with psycopg.connect(pipeline.shop.server.url(), autocommit=True) as superuser:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ingestion'"
        superuser.execute(query)
    assert intake.take_in(pipeline.put("incoming/b.csv", csv(("B", 1)), at=2)).rows_loaded == 1


def test_a_refused_file_is_in_the_ledger_with_its_reason_and_has_no_rows(pipeline: Pipeline) -> None:
    pipeline.intake().take_in(pipeline.put("incoming/a.csv", csv(("A", 1)).replace(b"sku", b"product"), at=1))
    assert pipeline.shop.rows("SELECT status, reason, rows_loaded, finished_at IS NOT NULL FROM files") == [
        ("refused", "Column sku is missing.", 0, True)
    ]
    assert quantities(pipeline) == {}


def test_a_file_over_the_limit_is_refused_unread(pipeline: Pipeline) -> None:
    put = pipeline.put("incoming/a.csv", b"x" * (MAX_FILE_BYTES + 1), at=1)
    outcome = pipeline.intake().take_in(put)
    assert outcome.status == "refused"
    assert "1,000,001 bytes" in (outcome.reason or "")


def test_a_file_with_a_header_only_is_loaded_and_says_so(pipeline: Pipeline) -> None:
    outcome = pipeline.intake().take_in(pipeline.put("incoming/a.csv", csv(), at=1))
    assert (outcome.status, outcome.reason) == ("loaded", "The file holds no orders.")


def test_a_delete_marker_is_a_row_of_its_own_and_the_orders_stay(pipeline: Pipeline) -> None:
    intake = pipeline.intake()
    intake.take_in(pipeline.put("incoming/a.csv", csv(("A", 1)), at=1))
    intake.take_in(event("incoming/a.csv", "marker", at=2, happened=Happened.MARKED_DELETED))
    assert statuses(pipeline) == ["loaded", "deleted"]
    assert quantities(pipeline) == {"A": 1}


@pytest.mark.parametrize("happened", [Happened.MARKED_DELETED, Happened.GONE])
@pytest.mark.parametrize("marker_first", [True, False])
def test_what_is_only_a_deletion_supersedes_nothing_whichever_comes_first(
    pipeline: Pipeline, happened: Happened, marker_first: bool
) -> None:
    put = pipeline.put("incoming/a.csv", csv(("A", 1)), at=1)
    deletion = event(put.key, "later", at=2, happened=happened)
    for each in (deletion, put) if marker_first else (put, deletion):
        pipeline.intake().take_in(each)
    assert statuses(pipeline) == ["loaded", "deleted"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_versions_of_one_moment_without_a_sequencer_rank_by_their_names(
    pipeline: Pipeline, order: tuple[int, ...]
) -> None:
    puts = []
    for name in "abc":
        put = replace(pipeline.put("incoming/a.csv", b"", at=1), version_id=name, sequencer=None)
        pipeline.bucket.versions[put.key, name] = csv(("A", ord(name)))
        puts.append(put)
    for number in order:
        pipeline.intake().take_in(puts[number])
    assert quantities(pipeline) == {"A": ord("c")}
    assert pipeline.shop.rows("SELECT status FROM files ORDER BY version_id") == ["superseded", "superseded", "loaded"]


def test_a_version_deleted_for_good_before_it_was_read_ends_deleted_whichever_event_comes_first(
    pipeline: Pipeline,
) -> None:
    for number, in_order in enumerate((True, False)):
        created = event(f"incoming/{number}.csv", "v", at=1, size=7)
        gone = event(f"incoming/{number}.csv", "v", at=5, happened=Happened.GONE)
        for each in (created, gone) if in_order else (gone, created):
            pipeline.intake().take_in(each)
    rows = pipeline.shop.rows("SELECT status, reason, uploaded_at, sequencer, size_bytes FROM files")
    assert rows[0] == rows[1]
    assert rows[0][:2] == ("deleted", GONE_REASON)


def test_a_version_deleted_for_good_after_it_was_read_keeps_its_row(pipeline: Pipeline) -> None:
    put = pipeline.put("incoming/a.csv", csv(("A", 1)), at=1)
    pipeline.intake().take_in(put)
    pipeline.intake().take_in(event(put.key, put.version_id, at=9, happened=Happened.GONE))
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
def test_any_bytes_end_in_the_ledger_and_are_known_the_next_time(
    pipeline: Pipeline, content: bytes, name: str, compressed: bool
) -> None:
    for beginning in (b"", csv(), json.dumps({"order_id": "A"}).encode()):
        data = gzip.compress(beginning + content) if compressed else beginning + content
        put = pipeline.put(f"incoming/{name}", data, at=1)
        intake = pipeline.intake()
        outcome = intake.take_in(put)
        assert outcome.status in ("loaded", "refused", "superseded")
        query = f"""SELECT rows_rejected, (SELECT count(*) FROM rejected_rows JOIN files USING (file_id)
                    WHERE version_id = '{put.version_id}') FROM files WHERE version_id = '{put.version_id}'"""
        assert pipeline.shop.rows(query) == [(outcome.rows_rejected, outcome.rows_rejected)]
        assert intake.take_in(put) is ALREADY_KNOWN
    pipeline.close()


@pytest.mark.parametrize(
    "spoil",
    ["ALTER TABLE orders ALTER customer_email TYPE integer USING 0", "ALTER TABLE orders ADD CHECK (quantity > 5)"],
)
def test_what_postgresql_says_about_an_order_is_not_logged(
    pipeline: Pipeline, caplog: pytest.LogCaptureFixture, spoil: LiteralString
) -> None:
    with pipeline.shop.connect() as connection:
        connection.execute(spoil)
    put = pipeline.put("incoming/a.csv", csv(("A", 1)), at=1)
    with pytest.raises((psycopg.DataError, psycopg.IntegrityError)) as caught:
        pipeline.intake().take_in(put)
    assert "ada@" in str(caught.value)
    messages._report(caught.value)
    (record,) = caplog.records
    assert "load.py" in vars(record)["traceback"]
    assert "failed: " in record.getMessage()
    assert "ada@" not in str(vars(record))
