"""Old rejects go, in bounded batches, and nothing else does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import psycopg
import pytest

from housekeeping.rejects import Removal, remove_old
from tests.integration.database.conftest import Shop

KEPT_DAYS = 90


@pytest.fixture
def connection(shop: Shop) -> Iterator[psycopg.Connection]:
    """As the function connects."""
    with shop.connect("housekeeping") as connection:
        yield connection


def file(shop: Shop, *, days: float, rejects: int, key: str = "k") -> int:
    """A file that was finished so many days ago, and its rejects."""
    with shop.connect() as administrator:
        row = administrator.execute(
            """INSERT INTO files (bucket, key, version_id, uploaded_at, status, rows_rejected, finished_at)
               VALUES ('b', %s, gen_random_uuid(), now(), 'loaded', %s, now() - %s * interval '1 day')
               RETURNING file_id""",
            [key, rejects, days],
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


def test_only_rejects_older_than_the_retention_go_and_the_ledger_keeps_their_number(
    shop: Shop, connection: psycopg.Connection
) -> None:
    old = file(shop, days=KEPT_DAYS + 0.01, rejects=25)
    young = file(shop, days=KEPT_DAYS - 0.01, rejects=3)
    older = file(shop, days=1000, rejects=7)  # its number is higher: reprocessed files, long loads
    assert remove_old(connection, days=KEPT_DAYS, time_is_left=lambda: True, batch_rows=10) == Removal(
        removed=32, left=0
    )
    assert rejects_of(shop) == {young: 3}
    assert shop.rows(f"SELECT rows_rejected FROM files WHERE file_id IN ({old}, {older}) ORDER BY file_id") == [25, 7]


def test_nothing_to_remove_is_no_error(shop: Shop, connection: psycopg.Connection) -> None:
    file(shop, days=0, rejects=2)
    assert remove_old(connection, days=KEPT_DAYS, time_is_left=lambda: True) == Removal(removed=0, left=0)


def test_a_run_stops_when_its_time_is_over_and_the_next_goes_on(shop: Shop, connection: psycopg.Connection) -> None:
    file(shop, days=100, rejects=25)
    file(shop, days=100, rejects=5)
    time_is_left = iter([True, True, False])
    first = remove_old(connection, days=KEPT_DAYS, time_is_left=lambda: next(time_is_left), batch_rows=10)
    assert first == Removal(removed=20, left=10)
    assert remove_old(connection, days=KEPT_DAYS, time_is_left=lambda: True) == Removal(removed=10, left=0)


def test_a_file_that_is_being_processed_again_keeps_no_other_waiting(
    shop: Shop, connection: psycopg.Connection
) -> None:
    busy, old = file(shop, days=100, rejects=4), file(shop, days=100, rejects=5)
    connection.execute("SET lock_timeout = '200ms'")
    with shop.connect("ingestion") as intake, intake.transaction():
        intake.execute("DELETE FROM rejected_rows WHERE file_id = %s", [busy])
        assert remove_old(connection, days=KEPT_DAYS, time_is_left=lambda: True) == Removal(removed=5, left=4)
    assert old not in rejects_of(shop)


def test_rejects_written_anew_meanwhile_stay(shop: Shop, connection: psycopg.Connection) -> None:
    """The file is old when housekeeping begins, and was processed again when its turn comes."""
    busy = file(shop, days=100, rejects=4)

    def process_again() -> bool:
        with shop.connect("ingestion") as intake, intake.transaction():
            intake.execute("DELETE FROM rejected_rows WHERE file_id = %s", [busy])
            intake.execute("INSERT INTO rejected_rows VALUES (%s, 2, 'new', '{wrong}')", [busy])
            intake.execute("UPDATE files SET finished_at = now() WHERE file_id = %s", [busy])
        return True

    assert remove_old(connection, days=KEPT_DAYS, time_is_left=process_again).removed == 0
    assert rejects_of(shop) == {busy: 1}


def test_a_million_rejects_go_in_bounded_batches_and_the_young_stay(shop: Shop, connection: psycopg.Connection) -> None:
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

    removal = remove_old(connection, days=KEPT_DAYS, time_is_left=time_is_left)
    seconds = time.monotonic() - began
    longest = max(after - before for before, after in pairwise(batches))
    print(
        f"{removal.removed:,} rejects removed in {seconds:.1f} s, {len(batches)} batches, the longest {longest:.2f} s"
    )
    assert removal == Removal(removed=800_000, left=0)
    assert sum(rejects_of(shop).values()) == 200_000
    assert not rejects_of(shop).keys() & set(large)
    assert longest < 30  # half of what the role's statement_timeout gives
