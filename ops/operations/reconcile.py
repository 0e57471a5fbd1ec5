"""Finds files whose events were lost: versions in the bucket that the ledger does not have. Offers to load them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TypeVar

from ops.common import terminal
from ops.common.errors import CommandError
from ops.common.terminal import show
from ops.ingestion import queues, versions
from ops.ingestion.versions import Version
from ops.operations import ledger
from ops.operations.deployed import DeployedOperations

FILES_ARE_MISSING = 3
# A younger version's event may still be on its way. Usually the ledger has a version within seconds of its upload.
MINIMUM_AGE = timedelta(minutes=5)
_SHOWN = 20
_REPORT_EVERY = 100_000

T = TypeVar("T")


def run(operations: DeployedOperations, *, yes: bool, minimum_age: timedelta = MINIMUM_AGE) -> int:
    """Print what is missing, and load it after confirmation. Returns `FILES_ARE_MISSING` if some stay missing."""
    ingestion = operations.ingestion
    bucket, prefix = ingestion.landing_bucket, ingestion.incoming_prefix
    show(f"Comparing s3://{bucket}/{prefix} with the ledger in {ingestion.environment.label}.")
    newest = datetime.now(UTC) - minimum_age
    compared = missing = too_young = archived = 0
    # A file, because there may be millions of messages. What is sent is exactly what was found and shown.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as messages:
        in_bucket = versions.listed(ingestion.s3, bucket, prefix)
        for version, is_known in compare(in_bucket, ledger.known_versions(operations)):
            compared += 1
            if compared % _REPORT_EVERY == 0:
                show(f"  {compared:,} versions compared, {missing:,} missing so far")
            if is_known or version.key.endswith("/"):
                continue  # a key that ends with "/" is a folder, which the pipeline ignores
            if version.at > newest:
                too_young += 1
            elif version.is_archived:
                archived += 1
                show(f"  {_described(version)}: in {version.storage_class}, restore it first")
            else:
                missing += 1
                messages.write(version.message(bucket, "Reconcile") + "\n")
                if missing <= _SHOWN:
                    show(f"  {_described(version)}")
        _summarize(compared, missing, too_young, archived, minimum_age)
        if not missing:
            return FILES_ARE_MISSING if archived else 0
        in_queue = sum(queues.counts(ingestion.sqs, ingestion.queue_url))
        if in_queue:
            show(f"The queue has about {in_queue:,} messages; some may be about these versions.")
        show("Sending a version that has been loaded meanwhile changes nothing.")
        if not terminal.confirmed(f"Send {missing:,} to the queue?", yes=yes):
            return FILES_ARE_MISSING
        messages.seek(0)
        sent = queues.send(ingestion.sqs, ingestion.queue_url, (line.rstrip("\n") for line in messages))
    show(f"{sent:,} sent to the queue. Run this again when the queue is empty, to see that nothing is missing.")
    return FILES_ARE_MISSING if archived else 0


def compare(in_bucket: Iterator[Version], known: Iterator[tuple[str, str]]) -> Iterator[tuple[Version, bool]]:
    """Each version of the bucket, and whether the ledger has it. Keeps only the versions of one key in memory.

    Both must ascend by key. Raises CommandError if one doesn't: the comparison would be wrong.
    """
    ledger_keys = groupby(_ascending(known, itemgetter(0), "the ledger"), itemgetter(0))
    ledger_key, rows = next(ledger_keys, (None, iter(())))
    for key, group in groupby(_ascending(in_bucket, attrgetter("key"), "the bucket"), attrgetter("key")):
        while ledger_key is not None and ledger_key < key:
            ledger_key, rows = next(ledger_keys, (None, iter(())))
        known_ids = {version_id for _, version_id in rows} if ledger_key == key else set()
        for version in group:
            yield version, version.version_id in known_ids


def _ascending(items: Iterable[T], key: Callable[[T], str], whose: str) -> Iterator[T]:
    before = ""
    for item in items:
        if key(item) < before:
            raise CommandError(f"{whose} lists {key(item)!r} after {before!r}, which is not the order of UTF-8 bytes")
        before = key(item)
        yield item


def _summarize(compared: int, missing: int, too_young: int, archived: int, minimum_age: timedelta) -> None:
    if missing > _SHOWN:
        show(f"  and {missing - _SHOWN:,} more")
    result = f"{missing:,} are not in the ledger" if missing else "nothing is missing that could be loaded"
    show(f"{compared:,} versions compared: {result}.")
    if too_young:
        minutes = f"{minimum_age.total_seconds() / 60:g}"
        show(f"{too_young:,} not in the ledger are younger than {minutes} minutes: their events may be on their way.")
    if archived:
        show(f"{archived:,} not in the ledger are in an archive storage class: restore them in S3 first.")


def _described(version: Version) -> str:
    return f"{version.key}  version {version.version_id}  {terminal.utc(version.at)}  {version.content}"
