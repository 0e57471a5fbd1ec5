"""Uploads the repository's sample files as a partner would, and waits until the pipeline has processed them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import class_row

from .errors import LocalCloudError
from .state import CHECKOUT

DATASETS = CHECKOUT / "datasets"
FOLDER = "samples"  # of a dataset, here and in the bucket
LOADED_SECONDS = 60.0
_POLL_SECONDS = 0.2
_FINISHED_FILES = """
    SELECT key, status, reason, coalesce(rows_loaded, 0) AS rows_loaded, coalesce(rows_rejected, 0) AS rows_rejected
    FROM files WHERE key = ANY(%s) AND finished_at IS NOT NULL ORDER BY key
"""
_REJECTED_ROWS = """
    SELECT key, line_number, reasons FROM rejected_rows JOIN files USING (file_id)
    WHERE key = ANY(%s) ORDER BY key, line_number
"""


@dataclass(frozen=True, kw_only=True)
class LoadedFile:
    """A row of the table `files`."""

    key: str
    status: str
    reason: str | None
    rows_loaded: int
    rows_rejected: int


@dataclass(frozen=True, kw_only=True)
class RejectedSampleRow:
    """A row that was not loaded, with the reasons."""

    key: str
    line_number: int
    reasons: list[str]


def with_mistakes() -> Path:
    """A sample of the first dataset, to try what happens to rows with mistakes."""
    return min(DATASETS.glob(f"*/{FOLDER}/*-with-mistakes.csv"))


def dataset_of(sample: Path) -> str:
    """The dataset of a sample file."""
    return sample.parent.parent.name


def put_samples(s3: Any, bucket: str, prefix: str) -> list[str]:
    """Upload those that are missing; returns the keys of all."""
    keys = []
    for folder in sorted(DATASETS.glob(f"*/{FOLDER}")):
        in_bucket = f"{prefix}{folder.parent.name}/{FOLDER}/"
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=in_bucket).get("Contents", [])
        present = {each["Key"] for each in listed}
        for path in sorted(folder.glob("*.csv")):
            key = f"{in_bucket}{path.name}"
            if key not in present:
                s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
            keys.append(key)
    return keys


def wait_until_loaded(database_url: str, keys: list[str], *, seconds: float = LOADED_SECONDS) -> list[LoadedFile]:
    """The row of each key once it is finished; raises LocalCloudError if one is not after `seconds`."""
    deadline = time.monotonic() + seconds
    with psycopg.connect(database_url, autocommit=True) as connection:
        cursor = connection.cursor(row_factory=class_row(LoadedFile))
        while True:
            files = cursor.execute(_FINISHED_FILES, [keys]).fetchall()
            waiting = sorted(set(keys) - {file.key for file in files})
            if not waiting:
                return files
            if time.monotonic() > deadline:
                raise LocalCloudError(
                    f"the pipeline did not finish {', '.join(waiting)} within {seconds:.0f} s: "
                    "the ingestion function failed or was not called"
                )
            time.sleep(_POLL_SECONDS)


def rejected_rows(database_url: str, keys: list[str]) -> list[RejectedSampleRow]:
    """The rejected rows of these keys."""
    with psycopg.connect(database_url) as connection:
        return connection.cursor(row_factory=class_row(RejectedSampleRow)).execute(_REJECTED_ROWS, [keys]).fetchall()
