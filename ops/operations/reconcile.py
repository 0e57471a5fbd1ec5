"""Finds files whose events were lost: in the bucket, and not in the ledger. Offers to load them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TypeVar

from ops.common import terminal
from ops.common.deployment import Deployment
from ops.common.errors import OperationsError
from ops.ingestion import queues, versions
from ops.ingestion.versions import ASLEEP, Version
from ops.operations import ledger

SOMETHING_IS_MISSING = 3
YOUNG = timedelta(minutes=5)  # its event may still be on its way; an upload is in the ledger within seconds
_SHOWN = 20
_REPORT_EVERY = 100_000

T = TypeVar("T")


def run(deployment: Deployment, *, yes: bool, young: timedelta = YOUNG) -> int:
    """Compare, say what is missing, load it where that is agreed to. Returns 3 where something stays missing."""
    bucket = deployment.landing_bucket
    print(f"Compares the versions below s3://{bucket}/{deployment.incoming_prefix} with the ledger.", flush=True)
    born_before = datetime.now(UTC) - young
    compared = missing = too_young = asleep = 0
    # What is missing goes to a file as it is found: it may be millions, and what was shown is what is sent.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as messages:
        in_bucket = versions.listed(deployment.s3, bucket, deployment.incoming_prefix)
        for version, is_known in compare(in_bucket, ledger.known_versions(deployment)):
            compared += 1
            if compared % _REPORT_EVERY == 0:
                print(f"  {compared:,} versions compared, {missing:,} missing so far", flush=True)
            if is_known or version.key.endswith("/"):
                continue  # keys that end so are folders, which the pipeline ignores
            if version.at > born_before:
                too_young += 1
            elif version.storage_class in ASLEEP:
                asleep += 1
                print(f"  {_described(version)}: in {version.storage_class}, restore it first")
            else:
                missing += 1
                messages.write(version.message(bucket, "Reconcile") + "\n")
                if missing <= _SHOWN:
                    print(f"  {_described(version)}")
        _summarize(compared, missing, too_young, asleep, young)
        if not missing:
            return SOMETHING_IS_MISSING if asleep else 0
        waiting, in_work = queues.counts(deployment.sqs, deployment.queue_url)
        if waiting + in_work:
            print(f"About {waiting + in_work:,} messages are in the queue; some may be of these files.")
        print("Loading a file that was loaded meanwhile changes nothing.")
        if not terminal.agreed(f"Put {missing:,} into the queue?", yes=yes):
            return SOMETHING_IS_MISSING
        messages.seek(0)
        sent = queues.send(deployment.sqs, deployment.queue_url, (line.rstrip("\n") for line in messages))
    print(f"{sent:,} are in the queue now. Run this again when it is empty: it should find nothing then.")
    return SOMETHING_IS_MISSING if asleep else 0


def compare(in_bucket: Iterator[Version], known: Iterator[tuple[str, str]]) -> Iterator[tuple[Version, bool]]:
    """Each version of the bucket, and whether the ledger knows it. Holds the versions of one key at a time.

    Both must ascend by key. Raises OperationsError where one doesn't: the comparison would be wrong.
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
            raise OperationsError(
                f"{whose} lists {key(item)!r} after {before!r}, which is not the order of UTF-8 bytes"
            )
        before = key(item)
        yield item


def _summarize(compared: int, missing: int, too_young: int, asleep: int, young: timedelta) -> None:
    if missing > _SHOWN:
        print(f"  and {missing - _SHOWN:,} more")
    print(f"{compared:,} versions compared: {missing:,} of them the ledger does not know." if missing
          else f"{compared:,} versions compared: nothing is missing that could be loaded.")  # fmt: skip
    if too_young:
        minutes = young.total_seconds() / 60
        print(
            f"{too_young:,} not in the ledger are younger than {minutes:g} minutes: their events may be on their way."
        )
    if asleep:
        print(f"{asleep:,} not in the ledger lie in an archive class, and can't be read before they are restored.")


def _described(version: Version) -> str:
    what = "delete marker" if version.is_marker else f"{version.size:,} bytes"
    return f"{version.key}  version {version.version_id}  {version.at:%Y-%m-%d %H:%M:%S} UTC  {what}"
