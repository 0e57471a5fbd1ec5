"""Everything that the ingestion function does in the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ingestion.deadline import Deadline
from ingestion.event import Happened
from tests.integration.database.conftest import Pipeline, csv, event

CODE = Path("lambda_src/ingestion")


def work(pipeline: Pipeline) -> None:
    """Load, load again, supersede, refuse and delete files."""
    intake = pipeline.intake()
    bad = csv(("A-1", 1), ("A-2", 2), ("A-3", 0))  # the last with an invalid quantity
    first = pipeline.put("incoming/a.csv", bad, at=10)
    intake.take_in(first)
    intake.take_in(replace(first, again=True))  # replaces its rejected rows
    many = [(f"B-{number}", 1) for number in range(100)]
    batches = pipeline.put("incoming/b.csv", csv(("A-1", 3), *many, *many, notes="long" * 50), at=20)
    intake.take_in(batches)  # replaces an order, and repeats its own
    intake.take_in(pipeline.put("incoming/c.csv", csv(("A-1", 4), ("C-1", 1)), at=5))  # older than the stored order
    intake.take_in(pipeline.put("incoming/a.csv", csv(("A-1", 5)), at=30))  # supersedes
    refused = pipeline.put("incoming/d.txt", b"no orders\n", at=40)
    intake.take_in(refused)
    intake.take_in(replace(refused, again=True))
    pipeline.bucket.versions[batches.key, batches.version_id] = b"no orders any more\n"
    intake.take_in(replace(batches, again=True))  # keeps the result of the first time
    intake.take_in(event("incoming/a.csv", "marker", at=50, happened=Happened.MARKED_DELETED))
    gone = event("incoming/e.csv", "gone", at=60)
    intake.take_in(replace(gone, happened=Happened.GONE))
    intake.take_in(gone)  # its deletion came first
    intake._once(pipeline.put("incoming/f.csv", csv(("F-1", 1)), at=70), Deadline(60), alone=True)
