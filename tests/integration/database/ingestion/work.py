"""Everything that the ingestion function does in the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ingestion.deadline import Deadline
from ingestion.event import EventType
from tabular.addresses import address_hash
from tabular.declaration import Dataset
from tests.integration.database.conftest import DATASETS, START, Pipeline, csv, event, example

CODE = Path("lambda_src/ingestion")


def _rejecting(dataset: Dataset) -> Dataset:
    """The dataset with two changes: known keys are rejected, and dates have another format."""
    fields = (replace(each, format="%d.%m.%Y") if each.type == "date" else each for each in dataset.fields)
    return replace(dataset, known_key="reject", fields=tuple(fields))


def work(pipeline: Pipeline) -> None:
    """Load, load again, supersede, refuse and delete files."""
    loader = pipeline.loader()
    bad = csv(("A-1", 1), ("A-2", 2), ("A-3", 0))  # the last with an invalid quantity
    first = pipeline.put("incoming/orders/a.csv", bad, at=10)
    loader.load(first)
    loader.load(replace(first, reprocess=True))  # replaces its rejected rows
    many = [(f"B-{number}", 1) for number in range(100)]
    batches = pipeline.put("incoming/orders/b.csv", csv(("A-1", 3), *many, *many, notes="long" * 50), at=20)
    loader.load(batches)  # replaces an order, and repeats its own
    loader.load(pipeline.put("incoming/orders/c.csv", csv(("A-1", 4), ("C-1", 1)), at=5))  # older than the stored order
    loader.load(pipeline.put("incoming/orders/a.csv", csv(("A-1", 5)), at=30))  # supersedes
    refused = pipeline.put("incoming/orders/d.txt", b"no orders\n", at=40)
    loader.load(refused)
    loader.load(replace(refused, reprocess=True))
    pipeline.bucket.versions[batches.key, batches.version_id] = b"no orders any more\n"
    loader.load(replace(batches, reprocess=True))  # keeps the result of the first time
    loader.load(event("incoming/orders/a.csv", "marker", at=50, type_=EventType.DELETE_MARKER_CREATED))
    gone = event("incoming/orders/e.csv", "gone", at=60)
    loader.load(replace(gone, type=EventType.PERMANENTLY_DELETED))
    loader.load(gone)  # its deletion came first
    loader._once(pipeline.put("incoming/orders/f.csv", csv(("F-1", 1)), at=70), Deadline(60), exclusive=True)
    slow = pipeline.put("incoming/orders/g.csv", csv(("G-1", 1)), at=71)
    assert [loader._count_attempt(slow) for _ in range(2)] == [1, 2]
    loader._uncount_attempt(slow, 2)
    loader._uncount_attempt(slow, 1)
    assert loader._once(slow, Deadline(60), exclusive=False, read=False).status == "refused"
    with pipeline.shop.connect() as owner:
        owner.execute("INSERT INTO erasures VALUES (%s, %s)", [address_hash("ada@example.com"), START])
    loader.load(pipeline.put("incoming/orders/i.csv", csv(("I-1", 1), ("I-2", 0)), at=0))  # of a person who was erased
    for dataset in DATASETS.values():
        for at in (80, 90, 75):  # new rows, known ones, and those of an earlier file
            outcome = loader.load(pipeline.put(f"incoming/{dataset.name}/{at}.csv", example(dataset), at=at))
            assert outcome.status == "loaded", outcome
    rejecting = _rejecting(DATASETS["returns"])
    loader._datasets = {"returns": rejecting}
    for at in (100, 110):
        put = pipeline.put("incoming/returns/h.csv", example(rejecting), at=at)
        loader.load(put)
        loader.load(replace(put, reprocess=True))
