"""A withdrawn file leaves the tables as if it had never come, once the files that it met are loaded again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from itertools import combinations, permutations
from typing import Any

import psycopg
import pytest

from ingestion import tables
from ingestion.event import FileEvent
from ingestion.loader import WITHDRAWN
from operations_erasure.requests import ErasureRequestError, Overlapping, Withdraw
from operations_erasure.withdrawing import overlapping, withdraw
from tabular.declaration import KnownKey
from tests.integration.database.conftest import (
    BUCKET,
    DATASETS,
    START,
    Pipeline,
    Process,
    Shop,
    csv,
    quantities,
    statuses,
)

FILES = "ABC"
# Every set of files has a key that these files have, and no other.
CONTENTS = {
    file: [("".join(some), ord(file)) for size in (1, 2, 3) for some in combinations(FILES, size) if file in some]
    for file in FILES
}
ORIGINS = "SELECT order_id, quantity, key, version_id FROM orders JOIN files USING (file_id) ORDER BY 1"


@pytest.fixture
def connection(shop: Shop) -> Iterator[psycopg.Connection]:
    """As the function connects."""
    with shop.connect("operations_erasure") as connection:
        yield connection


def request(put: FileEvent, *, dry_run: bool = False, version_id: str | None = None) -> Withdraw:
    return Withdraw(key=put.key, version_id=version_id, who="arn:ada", why="wrong prices", dry_run=dry_run)


def take_back(connection: psycopg.Connection, put: FileEvent, **options: Any) -> dict[str, Any]:
    return withdraw(connection, DATASETS, BUCKET, request(put, **options))


def met(connection: psycopg.Connection, put: FileEvent, *, after: int = 0, limit: int = 100) -> list[tuple[str, str]]:
    page = Overlapping(key=put.key, version_id=put.version_id, after=after, limit=limit)
    return [(key, version_id) for _, key, version_id in overlapping(connection, BUCKET, page)["files"]]


def empty(owner: psycopg.Connection) -> None:
    for table in ("withdrawals", "rejected_rows", "file_overlaps", "reprocess_requests", "orders", "files"):
        owner.execute(f"DELETE FROM {table}".encode())  # TRUNCATE takes much longer


def load_all(loader: Process, puts: list[FileEvent]) -> None:
    for put in puts:
        loader.load(put)


@pytest.mark.parametrize("known_key", ["replace", "keep", "reject"])
def test_a_withdrawn_file_leaves_the_rows_of_a_world_without_it(
    pipeline: Pipeline, connection: psycopg.Connection, known_key: KnownKey
) -> None:
    """Of three files with common keys, in any order of loading, one is withdrawn, and then another."""
    loader = pipeline.loader(known_key=known_key, max_rejected_percent=100)
    puts = {name: pipeline.put(f"incoming/orders/{name}", csv(*CONTENTS[name]), at=ord(name)) for name in FILES}
    with pipeline.shop.connect() as owner:
        for number_of_order, order in enumerate(permutations(FILES)):
            worlds = {}
            for gone in (each for size in (1, 2) for each in combinations(FILES, size)):
                empty(owner)
                load_all(loader, [puts[name] for name in order if name not in gone])
                worlds[gone] = owner.execute(ORIGINS).fetchall()
            # Each file first; with every other order, another one second.
            for withdrawn in list(permutations(FILES, 2))[number_of_order % 2 :: 2]:
                empty(owner)
                load_all(loader, [puts[name] for name in order])
                for number, name in enumerate(withdrawn, start=1):
                    take_back(connection, puts[name])
                    again = met(connection, puts[name])
                    # Where the first file counts, whatever its time, they are loaded in the order in which they came.
                    for key, _ in again if known_key == "reject" else reversed(again):
                        loader.load(replace(puts[key[-1]], reprocess=True))
                    world = worlds[tuple(sorted(withdrawn[:number]))]
                    assert owner.execute(ORIGINS).fetchall() == world, (order, withdrawn)


def test_a_withdrawn_file_of_an_older_release_is_said_when_the_search_goes_on_from_it(
    pipeline: Pipeline, connection: psycopg.Connection
) -> None:
    puts = [pipeline.put(f"incoming/orders/{at}.csv", csv(("A", at)), at=at) for at in (1, 2, 3)]
    load_all(pipeline.loader(), puts[:2])
    with pipeline.shop.connect() as owner:  # as an older release leaves it
        owner.execute("DELETE FROM file_overlaps")
        owner.execute("UPDATE files SET overlaps_noted = false")
    pipeline.loader().load(puts[2])
    assert take_back(connection, puts[2], dry_run=True)["overlaps_noted"]
    take_back(connection, puts[1])
    assert not take_back(connection, puts[2], dry_run=True)["overlaps_noted"]


def test_what_stands_behind_withdrawn_files_comes_back(pipeline: Pipeline, connection: psycopg.Connection) -> None:
    """Also if nothing was loaded again in between: the first command was interrupted, or its requests wait."""
    puts = [pipeline.put(f"incoming/orders/{at}.csv", csv(("A", at)), at=at) for at in (1, 2, 3, 4)]
    load_all(pipeline.loader(), puts)
    for put in puts[:0:-1]:
        take_back(connection, put)
    assert met(connection, puts[3]) == [(puts[0].key, puts[0].version_id)]
    pipeline.loader().load(replace(puts[0], reprocess=True))
    assert quantities(pipeline) == {"A": 1}


def test_a_file_that_was_refused_because_of_the_withdrawn_one_is_loaded(
    pipeline: Pipeline, connection: psycopg.Connection
) -> None:
    loader = pipeline.loader(known_key="reject")
    first, second = (pipeline.put(f"incoming/orders/{at}", csv(("A", at)), at=at) for at in (1, 2))
    assert [loader.load(put).status for put in (first, second)] == ["loaded", "refused"]
    take_back(connection, first)
    assert met(connection, first) == [(second.key, second.version_id)]
    assert loader.load(replace(second, reprocess=True)).status == "loaded"
    assert quantities(pipeline) == {"A": 2}


def test_a_dry_run_counts_and_changes_nothing(pipeline: Pipeline, connection: psycopg.Connection) -> None:
    puts = [pipeline.put("incoming/orders/a.csv", csv(("A", at), ("B", 1)), at=at) for at in (1, 2)]
    load_all(pipeline.loader(), [*puts, pipeline.put("incoming/orders/b.csv", csv(("B", 3)), at=3)])
    before = pipeline.tables()
    found = take_back(connection, puts[1], dry_run=True)
    assert (found["version_id"], found["rows"], found["withdrawn"]) == (puts[1].version_id, 1, None)
    assert take_back(connection, puts[1], dry_run=True, version_id=puts[0].version_id)["rows"] == 0
    assert (found["dataset"], found["uploaded_at"]) == ("orders", puts[1].uploaded_at.isoformat())
    assert pipeline.tables() == before


def test_twice_has_no_effect_and_says_who_withdrew_it_when_and_why(
    pipeline: Pipeline, connection: psycopg.Connection
) -> None:
    """Also without a version: the one before it must not go the second time."""
    puts = [pipeline.put("incoming/orders/a.csv", csv(("A", at)), at=at) for at in (1, 2)]
    load_all(pipeline.loader(), puts)
    first = take_back(connection, puts[1])
    assert (first["rows"], first["withdrawn"]["by"], first["withdrawn"]["why"]) == (1, "arn:ada", "wrong prices")
    pipeline.loader().load(replace(puts[0], reprocess=True))
    before = pipeline.tables(), pipeline.shop.rows("SELECT * FROM withdrawals")
    for dry_run in (True, False):
        again = withdraw(connection, DATASETS, BUCKET, replace(request(puts[1]), who="arn:eve", dry_run=dry_run))
        assert again == first | {"rows": 0}
    assert (pipeline.tables(), pipeline.shop.rows("SELECT * FROM withdrawals")) == before
    assert quantities(pipeline) == {"A": 1}


def test_files_whose_loading_was_requested_are_not_named_again(
    pipeline: Pipeline, connection: psycopg.Connection
) -> None:
    """A command that was interrupted continues with the others. Another request at another time does not count."""
    puts = [pipeline.put(f"incoming/orders/{at}.csv", csv(("A", at), (f"B{at}", 1)), at=at) for at in (1, 2, 3)]
    load_all(pipeline.loader(), [puts[0], puts[2], puts[1]])
    assert met(connection, puts[2], limit=1) == [(puts[0].key, puts[0].version_id)]
    at = take_back(connection, puts[2])["withdrawn"]["at"]
    assert [key for key, _ in met(connection, puts[2])] == [puts[0].key, puts[1].key]
    asked: dict[str, Any] = {"requested_by": "arn:ada", "why": f"withdrawal of {puts[2].key}", "reprocess": True}
    pipeline.loader().load(replace(puts[0], requested_at=datetime.fromisoformat(at), **asked))
    pipeline.loader().load(replace(puts[1], requested_at=START, **asked))
    assert [key for key, _ in met(connection, puts[2])] == [puts[1].key]


def test_the_version_before_it_is_the_newest_again(pipeline: Pipeline, connection: psycopg.Connection) -> None:
    """Even if the two have no common keys, so that it is not loaded again."""
    contents = [csv(("A", 1)), csv(("B", 0)), csv(("C", 1))]
    puts = [pipeline.put("incoming/orders/a.csv", content, at=at) for at, content in enumerate(contents)]
    load_all(pipeline.loader(), puts)
    assert statuses(pipeline) == ["superseded", "superseded", "loaded"]
    take_back(connection, puts[2])
    assert statuses(pipeline) == ["superseded", "refused", "withdrawn"]
    take_back(connection, puts[0], version_id=puts[0].version_id)
    assert statuses(pipeline) == ["withdrawn", "refused", "withdrawn"]
    assert quantities(pipeline) == {}


def test_an_older_version_that_is_withdrawn_leaves_the_newest_as_it_is(
    pipeline: Pipeline, connection: psycopg.Connection
) -> None:
    puts = [pipeline.put("incoming/orders/a.csv", csv((f"A{at}", 1)), at=at) for at in (1, 2, 3)]
    load_all(pipeline.loader(), puts)
    take_back(connection, puts[1], version_id=puts[1].version_id)
    assert statuses(pipeline) == ["superseded", "withdrawn", "loaded"]
    assert quantities(pipeline) == {"A1": 1, "A3": 1}


def test_loads_and_a_withdrawal_wait_for_each_other(pipeline: Pipeline, connection: psycopg.Connection) -> None:
    put = pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1)
    later = pipeline.put("incoming/orders/b.csv", csv(("A", 2), ("B", 2)), at=2)
    pipeline.loader().load(put)
    with pipeline.shop.connect("ingestion") as loading, ThreadPoolExecutor(2) as pool:
        with loading.transaction():
            tables.lock(loading, exclusive=False)
            withdrawing = pool.submit(take_back, connection, put)
            with pytest.raises(TimeoutError):
                withdrawing.result(timeout=1)
            waiting = pool.submit(pipeline.loader().load, later)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=1)
        assert withdrawing.result(timeout=10)["rows"] == 1
        waiting.result(timeout=10)
    assert quantities(pipeline) == {"A": 2, "B": 2}
    assert met(connection, put) == []


def test_a_reprocess_or_replay_that_waited_for_the_withdrawal_loads_nothing(
    pipeline: Pipeline, connection: psycopg.Connection
) -> None:
    put = pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1)
    pipeline.loader().load(put)
    with pipeline.shop.connect() as owner, ThreadPoolExecutor(1) as pool:
        with owner.transaction():
            tables.lock(owner, exclusive=True)
            waiting = pool.submit(pipeline.loader().load, replace(put, reprocess=True))
            with pytest.raises(TimeoutError):
                waiting.result(timeout=1)
            owner.execute("DELETE FROM orders")
            owner.execute("UPDATE files SET status = 'withdrawn'")
        assert waiting.result(timeout=10) == WITHDRAWN
    assert quantities(pipeline) == {}


def test_a_file_without_rows_can_not_be_withdrawn(pipeline: Pipeline, connection: psycopg.Connection) -> None:
    refused = pipeline.put("incoming/orders/a.csv", csv(("A", 0)), at=1)
    pipeline.loader().load(refused)
    unknown = replace(refused, key="incoming/orders/'; DROP TABLE files")
    cases = [
        (request(refused), "a version of it that brought rows: 'incoming/orders/a.csv'"),
        (request(refused, version_id=refused.version_id), "brought no rows.* the ledger has it as refused"),
        (request(refused, version_id="v0"), "version 'v0' of it: 'incoming/orders/a.csv'"),
        (request(unknown), "a version of it that brought rows"),
    ]
    for asked, words in cases:
        with pytest.raises(ErasureRequestError, match=words):
            withdraw(connection, DATASETS, BUCKET, asked)
    good = pipeline.put("incoming/orders/b.csv", csv(("A", 1)), at=2)
    pipeline.loader().load(good)
    with pytest.raises(ErasureRequestError, match="its dataset 'orders' is no longer declared"):
        withdraw(connection, {}, BUCKET, request(good))
    assert pipeline.shop.rows("SELECT count(*) FROM withdrawals") == [0]
