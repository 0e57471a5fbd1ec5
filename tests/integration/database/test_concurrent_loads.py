"""Loads at the same time: the tables are those of one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import LiteralString

import psycopg
import pytest

from ingestion import intake as intake_module
from ingestion import ledger, load
from ingestion.intake import ALREADY_KNOWN
from tests.integration.database.conftest import Pipeline, csv, quantities, statuses


def all_at_once(tasks: Iterable[Callable[[], object]]) -> list[object]:
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


def test_the_same_event_eight_times_at_once_is_loaded_once(pipeline: Pipeline) -> None:
    put = pipeline.put("incoming/a.csv", csv(*((f"A{number}", 1) for number in range(2000))), at=1)
    intakes = [pipeline.intake() for _ in range(8)]
    outcomes = all_at_once(partial(each.take_in, put) for each in intakes)
    assert outcomes.count(ALREADY_KNOWN) == 7
    assert pipeline.shop.rows("SELECT rows_loaded FROM files") == [2000]


def test_files_with_crossing_order_ids_at_once_leave_the_tables_of_one_after_the_other(pipeline: Pipeline) -> None:
    ids = [f"A{number:05}" for number in range(3000)]
    files = [
        pipeline.put(f"incoming/{number}.csv", csv(*((each, number + 1) for each in ids[:: (-1) ** number])), at=number)
        for number in range(4)
    ]
    intakes = [pipeline.intake() for _ in files]
    all_at_once(partial(each.take_in, file) for each, file in zip(intakes, files[::-1], strict=True))
    assert set(quantities(pipeline).values()) == {4}


@pytest.mark.parametrize("known_before", [False, True], ids=["new order", "order that was there"])
@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
def test_of_two_files_merging_one_order_at_once_the_later_wins(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, known_before: bool, first: int, second: int
) -> None:
    if known_before:
        pipeline.intake().take_in(pipeline.put("incoming/0.csv", csv(("A", 10)), at=0))
    holding = pipeline.put(f"incoming/{first}.csv", csv(("A", first)), at=first)
    waiting = pipeline.put(f"incoming/{second}.csv", csv(("A", second)), at=second)
    merged, go_on = threading.Event(), threading.Event()

    def finish_slowly(*arguments: object) -> object:
        if arguments[1] is holding:
            merged.set()
            assert go_on.wait(20)
        return ledger.finish(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(intake_module, "finish", finish_slowly)
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(pipeline.intake().take_in, holding)]
        assert merged.wait(20)
        # It began, and so sees the database, before the other file was there for all to see.
        futures.append(pool.submit(pipeline.intake().take_in, waiting))
        wait_until_blocked(pipeline)
        go_on.set()
        for future in futures:
            future.result()
    assert quantities(pipeline) == {"A": 2}


def test_an_order_that_is_there_is_locked_before_its_file_is_compared(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.intake().take_in(pipeline.put("incoming/0.csv", csv(("A", 10)), at=0))
    later = pipeline.put("incoming/2.csv", csv(("A", 2)), at=2)
    earlier = pipeline.put("incoming/1.csv", csv(("A", 1)), at=1)
    inserted, go_on = threading.Event(), threading.Event()
    execute = load._Load._execute

    def execute_slowly(self: load._Load, statement: LiteralString) -> int:
        if statement is load._REPLACE and self._file_id == 2:
            inserted.set()
            assert go_on.wait(20)
        return execute(self, statement)

    monkeypatch.setattr(load._Load, "_execute", execute_slowly)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(pipeline.intake().take_in, later)
        assert inserted.wait(20)
        second = pool.submit(pipeline.intake().take_in, earlier)
        wait_until_blocked(pipeline)
        go_on.set()
        assert [first.result().rows_loaded, second.result().rows_loaded] == [1, 1]
    assert quantities(pipeline) == {"A": 2}


def test_two_versions_of_a_key_that_finish_at_once_see_each_other(pipeline: Pipeline) -> None:
    for number in range(10):
        key = f"incoming/{number}.csv"
        puts = [pipeline.put(key, csv((f"{number}-{at}", 1)), at=at) for at in (1, 2)]
        intakes = [pipeline.intake() for _ in puts]
        all_at_once(partial(each.take_in, put) for each, put in zip(intakes, puts, strict=True))
    assert statuses(pipeline) == ["superseded"] * 10 + ["loaded"] * 10


def test_a_deadlock_is_tried_again_and_the_third_time_alone(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone: list[bool] = []

    def lock_badly(connection: psycopg.Connection, **options: bool) -> None:
        alone.append(options["alone"])
        if len(alone) < 3:
            raise psycopg.errors.DeadlockDetected
        load.lock(connection, **options)

    monkeypatch.setattr(intake_module, "lock", lock_badly)
    outcome = pipeline.intake().take_in(pipeline.put("incoming/a.csv", csv(("A", 1)), at=1))
    assert alone == [False, False, True]
    assert outcome.rows_loaded == 1
    assert quantities(pipeline) == {"A": 1}


def test_a_load_that_waits_to_be_alone_holds_nothing_that_another_waits_for(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = pipeline.put("incoming/a.csv", csv(("A", 1)), at=1)
    pipeline.intake().take_in(put)
    monkeypatch.setattr(intake_module, "lock", lambda connection, **_: load.lock(connection, alone=True))
    with pipeline.shop.connect() as other, ThreadPoolExecutor(1) as pool, other.transaction():
        load.lock(other, alone=False)
        waiting = pool.submit(pipeline.intake().take_in, replace(put, again=True))
        wait_until_blocked(pipeline)
        # What a newer version of the same key does when it finishes.
        other.execute("SELECT FROM files FOR UPDATE NOWAIT")
    assert waiting.result().rows_loaded == 1
