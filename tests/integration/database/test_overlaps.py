"""Each load notes the other files that have its keys, however the batch gets into the table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ingestion import tables
from ingestion.loader import ALREADY_KNOWN, WITHDRAWN
from tabular.declaration import KnownKey
from tests.integration.database.conftest import Pipeline, csv, event, quantities, statuses

PAIRS = """
    SELECT this.key, other.key FROM file_overlaps JOIN files AS this USING (file_id)
    JOIN files AS other ON other.file_id = other_file_id ORDER BY 1, 2
"""


def load(pipeline: Pipeline, name: str, *rows: tuple[str, int], at: int, known_key: KnownKey = "replace") -> Any:
    put = pipeline.put(f"incoming/orders/{name}", csv(*rows), at=at)
    return pipeline.loader(known_key=known_key, max_rejected_percent=100).load(put)


def pairs(pipeline: Pipeline) -> list[tuple[str, str]]:
    return [(one[-1], other[-1]) for one, other in pipeline.shop.rows(PAIRS)]


def test_files_with_other_keys_are_not_noted(pipeline: Pipeline) -> None:
    load(pipeline, "a", ("A", 1), ("A", 2), at=1)
    load(pipeline, "b", ("B", 1), at=2)
    assert pairs(pipeline) == []


@pytest.mark.parametrize("known_key", ["replace", "keep", "reject"])
@pytest.mark.parametrize("at", [0, 9], ids=["an earlier file", "a later file"])
def test_every_file_whose_rows_have_a_key_is_noted(pipeline: Pipeline, known_key: KnownKey, at: int) -> None:
    load(pipeline, "a", ("A", 1), at=1)
    load(pipeline, "b", ("B", 1), at=2)
    load(pipeline, "c", ("C", 1), at=3)
    load(pipeline, "x", ("A", 5), ("NEW", 5), ("B", 5), at=at, known_key=known_key)
    assert pairs(pipeline) == [("x", "a"), ("x", "b")]


def test_the_files_of_every_batch_are_noted(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a batch that replaces known rows, of one that is merged, and of the files that a reprocessed one meets."""
    monkeypatch.setattr(tables, "BATCH_BYTES", 300)
    load(pipeline, "a", ("A", 1), at=1)
    load(pipeline, "z", ("Z", 1), at=50)
    rows = [("A", 2), *((f"B{n}", 1) for n in range(200)), ("Z", 2)]
    put = pipeline.put("incoming/orders/x", csv(*rows), at=9)
    pipeline.loader().load(put)
    assert pairs(pipeline) == [("x", "a"), ("x", "z")]
    load(pipeline, "c", ("B7", 3), at=60)
    with pipeline.shop.connect() as owner:
        owner.execute("TRUNCATE file_overlaps")
    pipeline.loader().load(replace(put, reprocess=True))
    assert pairs(pipeline) == [("x", "c"), ("x", "z")]


def test_a_file_that_is_refused_because_of_known_keys_is_noted_and_no_other_refused_file(pipeline: Pipeline) -> None:
    load(pipeline, "a", ("A", 1), at=1)
    assert load(pipeline, "b", ("A", 2), at=2, known_key="reject").status == "refused"
    assert load(pipeline, "c", ("A", 0), at=3, known_key="reject").status == "refused"
    assert pairs(pipeline) == [("b", "a")]


def test_it_is_known_which_files_an_older_release_loaded(pipeline: Pipeline) -> None:
    """It noted nothing, and loading such a file again does not say what it met the first time."""
    put = pipeline.put("incoming/orders/a", csv(("A", 1)), at=1)
    pipeline.loader().load(put)
    query = "SELECT overlaps_noted FROM files"
    assert pipeline.shop.rows(query) == [True]
    with pipeline.shop.connect() as owner:
        owner.execute("UPDATE files SET overlaps_noted = false")
    pipeline.loader().load(replace(put, reprocess=True))
    assert pipeline.shop.rows(query) == [False]


def test_a_withdrawn_version_is_never_loaded_again_and_the_outcome_says_so(pipeline: Pipeline) -> None:
    put = pipeline.put("incoming/orders/a.csv", csv(("A", 1)), at=1)
    pipeline.loader().load(put)
    with pipeline.shop.connect() as owner:  # as a withdrawal does
        owner.execute("UPDATE files SET status = 'withdrawn'")
        owner.execute("DELETE FROM orders")
    before = pipeline.tables()
    for again in (put, replace(put, reprocess=True)):
        outcome = pipeline.loader().load(again, retried=True)
        assert outcome == WITHDRAWN
        assert "withdrawn" in (outcome.reason_for_logs or "")
    assert pipeline.loader().load(event("incoming/orders/a.csv", "other", at=2)).status == "deleted"
    assert pipeline.tables()[1:] == before[1:]
    assert statuses(pipeline) == ["withdrawn", "deleted"]
    assert pipeline.shop.rows("SELECT count(*) FROM load_attempts") == [0]
    newer = pipeline.put("incoming/orders/a.csv", csv(("A", 2)), at=3)
    assert pipeline.loader().load(newer).status == "loaded"
    assert pipeline.loader().load(newer) is ALREADY_KNOWN
    assert quantities(pipeline) == {"A": 2}


def test_a_withdrawn_version_supersedes_no_other(pipeline: Pipeline) -> None:
    old, new = (pipeline.put("incoming/orders/a.csv", csv((name, 1)), at=at) for at, name in ((1, "A"), (2, "B")))
    pipeline.loader().load(new)
    with pipeline.shop.connect() as owner:
        owner.execute("UPDATE files SET status = 'withdrawn'")
    assert pipeline.loader().load(old).status == "loaded"
