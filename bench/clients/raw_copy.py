"""The reference: psycopg's COPY loads the unchanged bytes into a table like the dataset's, and commits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import botocore.session

from bench.clients.connection import connection_for
from bench.clients.job import PIECE_BYTES, Job, Timer, pieces_of
from config.datasets import datasets

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def main() -> None:
    """Load one file."""
    job = Job.from_command_line()
    columns = ", ".join(datasets()[job.dataset].columns)
    statement = f"COPY reference_{job.dataset} ({columns}) FROM STDIN (FORMAT csv, HEADER)".encode()
    session = botocore.session.get_session()
    s3 = cast("S3Client", session.create_client("s3", region_name=os.environ["AWS_REGION"]))

    def pieces() -> Iterator[bytes]:
        if job.path:
            yield from pieces_of(job.path)
            return
        body = s3.get_object(Bucket=os.environ["LANDING_BUCKET"], Key=job.key, VersionId=job.version_id)["Body"]
        while piece := body.read(PIECE_BYTES):
            yield piece

    timer = Timer()
    with (
        timer.running(),
        connection_for(job) as connection,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for piece in pieces():
            copy.write(piece)
    timer.report("loaded")


if __name__ == "__main__":
    main()
