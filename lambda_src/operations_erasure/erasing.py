"""Erases an address from the tables, and says what was erased without naming it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection

from common.database import LOAD_LOCK
from common.erasure import Eraser
from tabular.addresses import Addresses
from tabular.declaration import Dataset

from .requests import FinishedVersions, Forget

# A second request of the same person counts for what came in between.
_REMEMBER = """
    INSERT INTO erasures (address_hash, erased_at) VALUES (%s, %s)
    ON CONFLICT (address_hash) DO UPDATE SET erased_at = greatest(erasures.erased_at, excluded.erased_at)
"""
_WAIT_FOR_LOADS = "SELECT pg_advisory_xact_lock(%s)"
_REASONS = "SELECT file_id, reason FROM files WHERE reason LIKE '%@%'"
_SET_REASON = "UPDATE files SET reason = %s WHERE file_id = %s"
_KEYS = "SELECT key FROM files WHERE key LIKE '%@%'"
_FINISHED = """
    SELECT key, version_id FROM files
    JOIN unnest(%(keys)s::text[], %(ids)s::text[]) AS wanted (key, version_id) USING (key, version_id)
    WHERE bucket = %(bucket)s AND finished_at IS NOT NULL
"""


def forget(connection: Connection, datasets: Mapping[str, Dataset], request: Forget) -> dict[str, Any]:
    """Erase the address from rows, rejected rows and the ledger's reasons; a dry run takes it back at its end.

    Keys of files stay, because they identify the files: `keys` is the number of those with the address. Needs a
    connection in autocommit mode.
    """
    until = request.until or datetime.now(UTC)
    if not request.dry_run:
        connection.execute(_REMEMBER, [request.address_hash, until])
        with connection.transaction():
            # Loads that begin from now on erase the address themselves; those before must have ended.
            connection.execute(_WAIT_FOR_LOADS, [LOAD_LOCK])
    addresses = Addresses([request.address_hash])
    with connection.transaction(force_rollback=request.dry_run):
        eraser = Eraser(connection, addresses, until=until)
        rows = {name: asdict(eraser.rows(dataset)) for name, dataset in datasets.items()}
        rejects = eraser.rejects()
        reasons = [
            (addresses.masked(text), file_id)
            for file_id, text in connection.execute(_REASONS)
            if addresses.are_in(text)
        ]
        for changed in reasons:
            connection.execute(_SET_REASON, changed)
        keys = sum(addresses.are_in(key) for (key,) in connection.execute(_KEYS))
    return {
        "rows": {name: counts for name, counts in rows.items() if any(counts.values())},
        "rejects": rejects,
        "reasons": len(reasons),
        "keys": keys,
        "until": until.isoformat(),
    }


def finished_versions(connection: Connection, bucket: str, request: FinishedVersions) -> dict[str, Any]:
    """Those of the versions that the ledger has, and that are not being loaded."""
    keys, ids = ([each[part] for each in request.versions] for part in (0, 1))
    found = connection.execute(_FINISHED, {"bucket": bucket, "keys": keys, "ids": ids})
    return {"versions": [list(row) for row in found]}
