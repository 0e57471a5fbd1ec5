"""Loads a version of a file again, for example after the limit that it broke was raised."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from ops.common import terminal
from ops.common.errors import CommandError
from ops.common.terminal import show
from ops.ingestion import keys, queues
from ops.ingestion.deployed import DeployedIngestion
from ops.ingestion.versions import Version

_LONGEST_WHY = 500  # characters


def run(ingestion: DeployedIngestion, *, key: str, version_id: str, yes: bool, why: str = "") -> int:
    """Send the version to the queue after confirmation, and return the exit code. An empty id means the newest.

    The database keeps who asked for it, when and `why`. The key may be a URL, and is also found in another Unicode
    form. If it exists as typed, that one is loaded.
    """
    check_reason(why)
    key = keys.without_bucket(key, ingestion.landing_bucket)
    version = _chosen(ingestion, key, version_id)
    if version.is_archived:
        raise CommandError(f"{key} is stored in {version.storage_class} and can't be read: restore it in S3 first")
    when = terminal.utc(version.at)
    show(f"Loading {key}, version {version.version_id} of {when}, in {ingestion.environment.label} again.")
    if version.key != key:
        show(f"Its key is {keys.described(version.key)}")
    show("This replaces its rejected rows, and its rows unless a later file has replaced them.")
    show("Persons who were erased since the upload stay erased. A version that was withdrawn stays withdrawn.")
    if not terminal.confirmed("Load it again?", yes=yes):
        return 1
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    send(ingestion, [version], by=caller(ingestion), at=at, why=why)
    show("It is in the queue.")
    return 0


def check_reason(why: str) -> None:
    """Raises CommandError if the reason can't be shown, or is too long."""
    if len(why) > _LONGEST_WHY or not why.isprintable():
        raise CommandError(
            f"WHY must be printable text of at most {_LONGEST_WHY} characters, got {len(why)}: {why!r:.100}"
        )


def caller(ingestion: DeployedIngestion) -> str:
    """Who runs the command: the identity in AWS."""
    arn: str = ingestion.environment.session.client("sts").get_caller_identity()["Arn"]
    return arn


def send(ingestion: DeployedIngestion, chosen: Iterable[Version], *, by: str, at: str, why: str) -> int:
    """Ask for these versions to be loaded again, and return their number. The database keeps by whom, when and why."""
    request = {"by": by, "at": at} | ({"why": why} if why else {})
    messages = (version.message(ingestion.landing_bucket, "Reprocess", request=request) for version in chosen)
    return queues.send(ingestion.sqs, ingestion.queue_url, messages)


def _chosen(ingestion: DeployedIngestion, key: str, version_id: str) -> Version:
    if not key.startswith(ingestion.incoming_prefix) or key.endswith("/"):
        raise CommandError(f"KEY must name a file below {ingestion.incoming_prefix}, got {key!r}")
    stored = keys.stored(ingestion.s3, ingestion.landing_bucket, key)
    if not stored:
        raise CommandError(f"s3://{ingestion.landing_bucket} has no version of {key!r}")
    if key not in stored and len(stored) > 1:
        choices = ", or ".join(keys.described(form) for form in stored)
        raise CommandError(f"{len(stored)} keys look like {key}: choose the one {choices}")
    found = stored.get(key) or next(iter(stored.values()))
    newest = ", ".join(version.version_id for version in found[:5])
    version = next((each for each in found if version_id in ("", each.version_id)), None)
    if version is None:
        raise CommandError(f"VERSION must be a version of {key}, got {version_id!r}: the newest are {newest}")
    if version.is_delete_marker:
        raise CommandError(
            f"version {version.version_id} of {key} is a delete marker, which has no content: "
            f"choose an older one with VERSION=; the newest are {newest}"
        )
    return version
