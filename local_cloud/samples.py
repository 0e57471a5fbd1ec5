"""Uploads the repository's sample files as a partner would, and waits until the pipeline has processed them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from .errors import LocalCloudError
from .state import CHECKOUT

SAMPLES = CHECKOUT / "datasets" / "orders" / "samples"
FOLDER = "samples/"
LOADED_SECONDS = 60.0
_POLL_SECONDS = 0.2


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


def put_samples(s3: Any, bucket: str, prefix: str) -> list[str]:
    """Upload those that are missing; returns the keys of all."""
    keys = {f"{prefix}{FOLDER}{path.name}": path for path in sorted(SAMPLES.glob("*.csv"))}
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}{FOLDER}").get("Contents", [])
    present = {each["Key"] for each in listed}
    for key, path in keys.items():
        if key not in present:
            _put(s3, bucket, key, path)
    return list(keys)


def _put(s3: Any, bucket: str, key: str, path: Path) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())


def wait_until_loaded(database_url: str, keys: list[str], *, seconds: float = LOADED_SECONDS) -> list[LoadedFile]:
    """The row of each key once it is finished; raises LocalCloudError if one is not after `seconds`."""
    deadline = time.monotonic() + seconds
    with psycopg.connect(database_url, autocommit=True) as connection:
        while True:
            rows = connection.execute(
                "SELECT key, status, reason, rows_loaded, rows_rejected FROM files "
                "WHERE key = ANY(%s) AND finished_at IS NOT NULL ORDER BY key",
                [keys],
            ).fetchall()
            waiting = sorted(set(keys) - {row[0] for row in rows})
            if not waiting:
                return [
                    LoadedFile(
                        key=key, status=status, reason=reason, rows_loaded=loaded or 0, rows_rejected=rejected or 0
                    )
                    for key, status, reason, loaded, rejected in rows
                ]
            if time.monotonic() > deadline:
                raise LocalCloudError(
                    f"the pipeline did not finish {', '.join(waiting)} within {seconds:.0f} s: "
                    "the ingestion function failed or was not called"
                )
            time.sleep(_POLL_SECONDS)


def rejected_rows(database_url: str, keys: list[str]) -> list[RejectedSampleRow]:
    """The rejected rows of these keys."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT key, line_number, reasons FROM rejected_rows JOIN files USING (file_id) "
            "WHERE key = ANY(%s) ORDER BY key, line_number",
            [keys],
        ).fetchall()
    return [
        RejectedSampleRow(key=key, line_number=line, reasons=[reasons] if isinstance(reasons, str) else list(reasons))
        for key, line, reasons in rows
    ]
