"""The ingestion function: the handler's own objects, made as AWS Lambda makes them, take in one file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psycopg

from bench.clients.connection import connect
from bench.clients.job import Job, Watch, pieces_of
from ingestion import handler
from ingestion.deadline import Deadline
from ingestion.event import parse
from ingestion.landed_file import LandedFile, LandedFiles, gzip_declaration

LIMIT_SECONDS = 900  # Lambda's longest


def main() -> None:
    """Do one job."""
    job = Job.told()

    @contextmanager
    def open_on_disk(*_: object) -> Iterator[LandedFile]:
        yield LandedFile(job.size_bytes, gzip_declaration(job.key, ""), pieces_of(str(job.path)))

    # What the measurement changes, and nothing else. (unittest.mock would show in the memory that is measured.)
    psycopg.connect = partial(connect, job.sslmode)  # type: ignore[assignment] # a stand-in
    if job.path:
        LandedFiles.open = open_on_disk  # type: ignore[method-assign, assignment] # a stand-in
    event = parse(_event(job))
    watch = Watch()
    with watch.running():
        outcome = handler._loader.load(event, Deadline(LIMIT_SECONDS))
    watch.report(outcome.status, outcome.reason)


def _event(job: Job) -> str:
    """As EventBridge delivers it (Amazon S3 User Guide, "EventBridge event message structure")."""
    return json.dumps(
        {
            "detail-type": "Object Created",
            "time": job.uploaded_at,
            "detail": {
                "bucket": {"name": os.environ["LANDING_BUCKET"]},
                "object": {"key": job.key, "version-id": job.version_id, "size": job.size_bytes},
            },
        }
    )


if __name__ == "__main__":
    main()
