"""The ingestion function loads one file, with the handler's own objects, created as AWS Lambda creates them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psycopg

from bench.clients.connection import connect
from bench.clients.job import Job, Timer, pieces_of
from ingestion import handler
from ingestion.deadline import Deadline
from ingestion.event import parse
from ingestion.landed_file import LandedFile, LandedFiles, gzip_declaration

LIMIT_SECONDS = 900  # the longest timeout of Lambda


def main() -> None:
    """Load one file."""
    job = Job.from_command_line()

    @contextmanager
    def open_on_disk(*_: object) -> Iterator[LandedFile]:
        yield LandedFile(job.size_bytes, gzip_declaration(job.key, ""), pieces_of(str(job.path)))

    # The only changes for the measurement. (unittest.mock would count in the measured memory.)
    psycopg.connect = partial(connect, job.sslmode)  # type: ignore[assignment] # a stand-in
    if job.path:
        LandedFiles.open = open_on_disk  # type: ignore[method-assign, assignment] # a stand-in
    event = parse(_event(job))
    timer = Timer()
    with timer.running():
        outcome = handler._loader.load(event, Deadline(LIMIT_SECONDS))
    timer.report(outcome.status, outcome.reason)


def _event(job: Job) -> str:
    """The message as EventBridge delivers it (Amazon S3 User Guide, "EventBridge event message structure")."""
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
