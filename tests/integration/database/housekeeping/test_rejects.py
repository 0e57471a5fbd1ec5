"""Only old rejected rows are deleted, in batches of bounded size."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import psycopg
import pytest

from housekeeping.rejects import Deletion, delete_old
from tests.integration.database.conftest import Shop

KEPT_DAYS = 90
OF_DATASET = {"customers": 30}


@pytest.fixture
def connection(shop: Shop) -> Iterator[psycopg.Connection]:
    """As the function connects."""
    with shop.connect("housekeeping") as connection:
        yield connection


def file(shop: Shop, *, days: float, rejects: int, key: str = "k", dataset: str | None = "orders") -> int:
    """A file that was finished `days` ago, with its rejected rows."""
    with shop.connect() as administrator:
        row = administrator.execute(
            """INSERT INTO files (bucket, key, version_id, dataset, uploaded_at, status, rows_rejected, finished_at)
               VALUES ('b', %s, gen_random_uuid(), %s, now(), 'loaded', %s, now() - %s * interval '1 day')
               RETURNING file_id""",
            [key, dataset, rejects, days],
        ).fetchone()
        assert row is not None
        administrator.execute(
            """INSERT INTO rejected_rows
               SELECT %s, 2 + 3 * n, repeat('x', 40), '{wrong}' FROM generate_series(1, %s) AS n""",
            [row[0], rejects],
        )
    return int(row[0])


def rejects_of(shop: Shop) -> dict[int, int]:
    return dict(shop.rows("SELECT file_id, count(*) FROM rejected_rows GROUP BY file_id ORDER BY file_id"))


def test_only_rows_older_than_the_retention_are_deleted_and_the_ledger_keeps_their_number(
    shop: Shop, connection: psycopg.Connection
) -> None:
    old = file(shop, days=KEPT_DAYS + 0.01, rejects=25)
    young = file(shop, days=KEPT_DAYS - 0.01, rejects=3)
    older = file(shop, days=1000, rejects=7)  # with a higher file_id, as after reprocessing or a long load
    assert delete_old(
        connection, days=KEPT_DAYS, of_dataset=OF_DATASET, time_is_left=lambda: True, batch_rows=10
    ) == Deletion(deleted=32, left=0)
    assert rejects_of(shop) == {young: 3}
    assert shop.rows(f"SELECT rows_rejected FROM files WHERE file_id IN ({old}, {older}) ORDER BY file_id") == [25, 7]


def test_a_dataset_may_declare_fewer_days(shop: Shop, connection: psycopg.Connection) -> None:
    file(shop, days=31, rejects=2, dataset="customers")
    kept = [file(shop, days=29, rejects=3, dataset="customers"), file(shop, days=31, rejects=4, dataset=None)]
    deletion = delete_old(connection, days=KEPT_DAYS, of_dataset=OF_DATASET, time_is_left=lambda: True)
    assert deletion == Deletion(deleted=2, left=0)
    assert list(rejects_of(shop)) == kept


def test_nothing_to_delete_is_no_error(shop: Shop, connection: psycopg.Connection) -> None:
    file(shop, days=0, rejects=2)
    assert delete_old(connection, days=KEPT_DAYS, of_dataset=OF_DATASET, time_is_left=lambda: True) == Deletion(
        deleted=0, left=0
    )


def test_a_run_stops_when_its_time_is_over_and_the_next_continues(shop: Shop, connection: psycopg.Connection) -> None:
    file(shop, days=100, rejects=25)
    file(shop, days=100, rejects=5)
    time_is_left = iter([True, True, False])
    first = delete_old(
        connection, days=KEPT_DAYS, of_dataset=OF_DATASET, time_is_left=lambda: next(time_is_left), batch_rows=10
    )
    assert first == Deletion(deleted=20, left=10)
    assert delete_old(connection, days=KEPT_DAYS, of_dataset=OF_DATASET, time_is_left=lambda: True) == Deletion(
        deleted=10, left=0
    )


def test_a_file_that_is_being_loaded_again_delays_no_other(shop: Shop, connection: psycopg.Connection) -> None:
    busy, old = file(shop, days=100, rejects=4), file(shop, days=100, rejects=5)
    connection.execute("SET lock_timeout = '200ms'")
    with shop.connect("ingestion") as ingestion, ingestion.transaction():
        ingestion.execute("DELETE FROM rejected_rows WHERE file_id = %s", [busy])
        assert delete_old(connection, days=KEPT_DAYS, of_dataset=OF_DATASET, time_is_left=lambda: True) == Deletion(
            deleted=5, left=4
        )
    assert old not in rejects_of(shop)


def test_rows_that_were_rejected_again_in_the_meantime_are_kept(shop: Shop, connection: psycopg.Connection) -> None:
    """The file is old when the run begins, and is loaded again before its rows are deleted."""
    busy = file(shop, days=100, rejects=4)

    def load_again() -> bool:
        with shop.connect("ingestion") as ingestion, ingestion.transaction():
            ingestion.execute("DELETE FROM rejected_rows WHERE file_id = %s", [busy])
            ingestion.execute("INSERT INTO rejected_rows VALUES (%s, 2, 'new', '{wrong}')", [busy])
            ingestion.execute("UPDATE files SET finished_at = now() WHERE file_id = %s", [busy])
        return True

    assert delete_old(connection, days=KEPT_DAYS, of_dataset=OF_DATASET, time_is_left=load_again).deleted == 0
    assert rejects_of(shop) == {busy: 1}


def test_a_million_rows_are_deleted_in_bounded_batches_and_recent_ones_are_kept(
    shop: Shop, connection: psycopg.Connection
) -> None:
    large = [file(shop, days=100, rejects=300_000) for _ in range(2)]
    with shop.connect() as administrator:
        administrator.execute(
            """WITH made AS (
                   INSERT INTO files (bucket, key, version_id, uploaded_at, status, rows_rejected, finished_at)
                   SELECT 'b', 'many', n::text, now(), 'loaded', 100,
                          now() - CASE WHEN n % 2 = 0 THEN interval '100 days' ELSE interval '1 day' END
                   FROM generate_series(1, 4000) AS n RETURNING file_id
               )
               INSERT INTO rejected_rows
               SELECT file_id, line, repeat('x', 40), '{wrong}' FROM made, generate_series(1, 100) AS line"""
        )
        administrator.execute("ANALYZE rejected_rows, files")
    began = time.monotonic()
    batches: list[float] = []

    def time_is_left() -> bool:
        batches.append(time.monotonic())
        return True

    deletion = delete_old(connection, days=KEPT_DAYS, of_dataset=OF_DATASET, time_is_left=time_is_left)
    seconds = time.monotonic() - began
    longest = max(after - before for before, after in pairwise(batches))
    print(f"{deletion.deleted:,} rows deleted in {seconds:.1f} s, {len(batches)} batches, the longest {longest:.2f} s")
    assert deletion == Deletion(deleted=800_000, left=0)
    assert sum(rejects_of(shop).values()) == 200_000
    assert not rejects_of(shop).keys() & set(large)
    assert longest < 30  # half of the role's statement_timeout
