"""Concurrent loads have the same result as sequential ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, LiteralString

import psycopg
import pytest

from ingestion import ledger, tables
from ingestion import loader as loader_module
from ingestion.loader import ALREADY_KNOWN
from tests.integration.database.conftest import Pipeline, csv, quantities, statuses


def run_concurrently(tasks: Iterable[Callable[[], object]]) -> list[object]:
    tasks = list(tasks)
    barrier = threading.Barrier(len(tasks))

    def run(task: Callable[[], object]) -> object:
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def wait_until_blocked(pipeline: Pipeline) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with psycopg.connect(pipeline.shop.server.url(database=pipeline.shop.name), autocommit=True) as superuser:
        for _ in range(200):
            if superuser.execute(query).fetchone() == (1,):
                return
            threading.Event().wait(0.05)
    raise AssertionError("nothing waits for a lock")


def test_eight_concurrent_events_of_one_version_load_it_once(pipeline: Pipeline) -> None:
    put = pipeline.put("incoming/orders/a.csv", csv(*((f"A{number}", 1) for number in range(2000))), at=1)
    loaders = [pipeline.loader() for _ in range(8)]
    outcomes = run_concurrently(partial(each.load, put) for each in loaders)
    assert outcomes.count(ALREADY_KNOWN) == 7
    assert pipeline.shop.rows("SELECT rows_loaded FROM files") == [2000]


def test_concurrent_files_with_the_same_orders_in_other_sequences_leave_the_latest_orders(pipeline: Pipeline) -> None:
    ids = [f"A{number:05}" for number in range(3000)]
    files = [
        pipeline.put(
            f"incoming/orders/{number}.csv", csv(*((each, number + 1) for each in ids[:: (-1) ** number])), at=number
        )
        for number in range(4)
    ]
    loaders = [pipeline.loader() for _ in files]
    run_concurrently(partial(each.load, file) for each, file in zip(loaders, files[::-1], strict=True))
    assert set(quantities(pipeline).values()) == {4}


@pytest.mark.parametrize("exists", [False, True], ids=["new order", "existing order"])
@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
def test_of_two_files_that_merge_one_order_concurrently_the_later_wins(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, exists: bool, first: int, second: int
) -> None:
    if exists:
        pipeline.loader().load(pipeline.put("incoming/orders/0.csv", csv(("A", 10)), at=0))
    holding = pipeline.put(f"incoming/orders/{first}.csv", csv(("A", first)), at=first)
    waiting = pipeline.put(f"incoming/orders/{second}.csv", csv(("A", second)), at=second)
    merged, go_on = threading.Event(), threading.Event()

    def finish_slowly(*arguments: Any) -> object:
        if arguments[1] is holding:
            merged.set()
            assert go_on.wait(20)
        return ledger.finish(*arguments)

    monkeypatch.setattr(loader_module, "finish", finish_slowly)
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(pipeline.loader().load, holding)]
        assert merged.wait(20)
        # Its snapshot is older than the commit of the other file.
        futures.append(pool.submit(pipeline.loader().load, waiting))
        wait_until_blocked(pipeline)
        go_on.set()
        for future in futures:
            future.result()
    assert quantities(pipeline) == {"A": 2}


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
def test_a_key_that_a_concurrent_load_has_just_stored_is_rejected(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, first: int, second: int
) -> None:
    pipeline.loader().load(pipeline.put("incoming/orders/0.csv", csv(("KNOWN", 10)), at=0))
    holding = pipeline.put("incoming/orders/a.csv", csv(("ONE", first), ("SHARED", first)), at=first)
    rows = [("KNOWN", second), ("SHARED", second), ("TWO", second)]
    waiting = pipeline.put("incoming/orders/b.csv", csv(*rows), at=second)
    stored, go_on = threading.Event(), threading.Event()

    def finish_slowly(*arguments: Any) -> object:
        if arguments[1] is holding:
            stored.set()
            assert go_on.wait(20)
        return ledger.finish(*arguments)

    monkeypatch.setattr(loader_module, "finish", finish_slowly)
    loaders = [pipeline.loader(known_key="reject", max_rejected_percent=100) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(loaders[0].load, holding)
        assert stored.wait(20)
        two = pool.submit(loaders[1].load, waiting)
        wait_until_blocked(pipeline)
        go_on.set()
        assert (one.result().rows_loaded, one.result().rows_rejected) == (2, 0)
        assert (two.result().rows_loaded, two.result().rows_rejected) == (1, 2)
    assert quantities(pipeline) == {"KNOWN": 10, "ONE": first, "SHARED": first, "TWO": second}
    assert pipeline.shop.rows("SELECT line_number FROM rejected_rows ORDER BY 1") == [2, 3]


def test_an_existing_order_is_locked_before_its_file_is_compared(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.loader().load(pipeline.put("incoming/orders/0.csv", csv(("A", 10)), at=0))
    later = pipeline.put("incoming/orders/2.csv", csv(("A", 2)), at=2)
    earlier = pipeline.put("incoming/orders/1.csv", csv(("A", 1)), at=1)
    inserted, go_on = threading.Event(), threading.Event()
    run = tables.DatasetWriter._run
    # Otherwise the later file would replace the stored row without the merge.
    monkeypatch.setattr(tables.DatasetWriter, "_copy_over", lambda *_: False)

    def run_slowly(self: tables.DatasetWriter, statement: LiteralString, **values: object) -> Any:
        if statement is tables._REPLACE and self._file_id == 2:
            inserted.set()
            assert go_on.wait(20)
        return run(self, statement, **values)

    monkeypatch.setattr(tables.DatasetWriter, "_run", run_slowly)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(pipeline.loader().load, later)
        assert inserted.wait(20)
        second = pool.submit(pipeline.loader().load, earlier)
        wait_until_blocked(pipeline)
        go_on.set()
        assert [first.result().rows_loaded, second.result().rows_loaded] == [1, 1]
    assert quantities(pipeline) == {"A": 2}


def test_two_versions_of_a_key_that_finish_concurrently_see_each_other(pipeline: Pipeline) -> None:
    for number in range(10):
        key = f"incoming/orders/{number}.csv"
        puts = [pipeline.put(key, csv((f"{number}-{at}", 1)), at=at) for at in (1, 2)]
        loaders = [pipeline.loader() for _ in puts]
        run_concurrently(partial(each.load, put) for each, put in zip(loaders, puts, strict=True))
    assert statuses(pipeline) == ["superseded"] * 10 + ["loaded"] * 10


def test_after_two_deadlocks_the_third_attempt_locks_exclusively(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    exclusive: list[bool] = []

    def lock_badly(connection: psycopg.Connection, **options: bool) -> None:
        exclusive.append(options["exclusive"])
        if len(exclusive) < 3:
            raise psycopg.errors.DeadlockDetected
        tables.lock(connection, **options)

    monkeypatch.setattr(loader_module, "lock", lock_badly)
    outcome = pipeline.loader().load(pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1))
    assert exclusive == [False, False, True]
    assert outcome.rows_loaded == 1
    assert quantities(pipeline) == {"A": 1}


def test_a_load_that_waits_for_the_exclusive_lock_holds_no_other_lock(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1)
    pipeline.loader().load(put)
    monkeypatch.setattr(loader_module, "lock", lambda connection, **_: tables.lock(connection, exclusive=True))
    with pipeline.shop.connect() as other, ThreadPoolExecutor(1) as pool, other.transaction():
        tables.lock(other, exclusive=False)
        waiting = pool.submit(pipeline.loader().load, replace(put, reprocess=True))
        wait_until_blocked(pipeline)
        # A newer version of the same key does this when it finishes.
        other.execute("SELECT FROM files FOR UPDATE NOWAIT")
    assert waiting.result().rows_loaded == 1
