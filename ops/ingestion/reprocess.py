"""Loads one version of a file again although the ledger knows it, for example one refused under an old limit."""

from __future__ import annotations

from ops.common import terminal
from ops.common.deployment import Deployment
from ops.common.errors import OperationsError
from ops.ingestion import queues, versions
from ops.ingestion.versions import ASLEEP, Version


def run(deployment: Deployment, *, key: str, version_id: str, yes: bool) -> int:
    """Put the version into the queue again where that is agreed to, and return the exit code."""
    version = _chosen(deployment, key, version_id)
    if version.storage_class in ASLEEP:
        raise OperationsError(f"{key} lies in {version.storage_class} and can't be read: restore it in S3 first")
    print(
        f"Loads {key}, version {version.version_id} of {version.at:%Y-%m-%d %H:%M:%S} UTC, in {deployment.place} again."
    )
    print("Its rejected rows are written anew, and its orders too where no later file has replaced them.")
    if not terminal.agreed("Load it again?", yes=yes):
        return 1
    queues.send(deployment.sqs, deployment.queue_url, [version.message(deployment.landing_bucket, "Reprocess")])
    print(f"It is in the queue. `make inspect KEY={key}` shows what becomes of it.")
    return 0


def _chosen(deployment: Deployment, key: str, version_id: str) -> Version:
    if not key.startswith(deployment.incoming_prefix) or key.endswith("/"):
        raise OperationsError(f"KEY must name a file below {deployment.incoming_prefix}, got {key!r}")
    found = versions.of_key(deployment.s3, deployment.landing_bucket, key)
    if not found:
        raise OperationsError(f"there is no {key!r} in s3://{deployment.landing_bucket}, and no version of it")
    if version_id:
        named = [version for version in found if version.version_id == version_id]
        if not named:
            known = ", ".join(version.version_id for version in found[:5])
            raise OperationsError(f"VERSION must be a version of {key}, got {version_id!r}: the newest are {known}")
        (version,) = named
    else:
        version = found[0]
    if version.is_marker:
        raise OperationsError(
            f"version {version.version_id} of {key} says that it was deleted, and has no content: "
            "name an older one with VERSION=; `make inspect` lists them"
        )
    return version
