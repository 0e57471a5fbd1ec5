"""What happened to this file? Tells what the bucket, the ledger and the queues have of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ops.common.deployment import Deployment
from ops.ingestion import queues, versions
from ops.ingestion.versions import Version
from ops.operations import ledger

_SHOWN = 20


def run(deployment: Deployment, *, key: str) -> int:
    """Print it all, and return the exit code: 0 also where nobody knows the file."""
    print(f"{key} in {deployment.place} (s3://{deployment.landing_bucket})")
    in_bucket = versions.of_key(deployment.s3, deployment.landing_bucket, key)
    known = ledger.inspect(deployment, key)
    for line in (*_bucket(in_bucket), *_ledger(known), *_queues(deployment, key)):
        print(line)
    ids = {version["version_id"] for version in known["versions"]}
    unknown = [version for version in in_bucket if version.version_id not in ids]
    # Of a key with very many versions the ledger tells the newest alone.
    if unknown and known["total"] == len(known["versions"]):
        if key.startswith(deployment.incoming_prefix):
            print(
                f"The ledger does not know {len(unknown)} of these versions. Where no message is on its way or among "
            )
            print("the dead letters, `make reconcile` brings them in.")
        else:
            print(f"The pipeline takes files below {deployment.incoming_prefix} only.")
    return 0


def _bucket(found: list[Version]) -> Iterator[str]:
    yield f"In the bucket: {_number(len(found), 'version')}"
    for version in found[:_SHOWN]:
        what = "deleted (a delete marker)" if version.is_marker else f"{version.size:,} bytes"
        newest = ", the newest" if version.is_latest else ""
        stored = "" if version.storage_class == "STANDARD" else f", in {version.storage_class}"
        yield f"  {version.at:%Y-%m-%d %H:%M:%S} UTC  {version.version_id}  {what}{stored}{newest}"
    if len(found) > _SHOWN:
        yield f"  and {len(found) - _SHOWN} more"


def _ledger(known: dict[str, Any]) -> Iterator[str]:
    yield f"In the ledger: {_number(known['total'], 'version')}"
    for version in known["versions"]:
        reason = f": {version['reason']}" if version["reason"] else ""
        yield f"  {_time(version['uploaded_at'])}  {version['version_id']}  {version['status']}{reason}"
        yield f"    received {_time(version['received_at'])}, finished {_time(version['finished_at'])}"
        if version["status"] != "deleted":
            stored = version["orders_stored"]
            now = "too many to count" if stored is None else f"{stored:,}"
            yield (
                f"    {_number(version['rows_loaded'], 'order')} loaded, {_number(version['rows_rejected'], 'row')} "
                f"rejected; stored orders that come from it now: {now}"
            )
        for reject in version["rejects"]:
            yield f"    line {reject['line_number']}: {'; '.join(reject['reasons'])}"
            yield f"      {json.dumps(reject['raw'], ensure_ascii=False)}"
        hidden = version["rows_rejected"] - len(version["rejects"])
        if hidden and version["rejects"]:
            yield f"    and {hidden:,} more, which the web app shows"
        elif hidden:
            yield "    The rejected rows themselves are no longer kept."
    if known["total"] > len(known["versions"]):
        yield f"  and {known['total'] - len(known['versions'])} older ones"


def _queues(deployment: Deployment, key: str) -> Iterator[str]:
    waiting, in_work = queues.counts(deployment.sqs, deployment.queue_url)
    # Looking into the queue would count as an attempt at each file that is in it.
    yield f"In the queue: about {waiting:,} messages wait, {in_work:,} are worked on or wait to be tried again"
    places = {
        "Dead letters": deployment.dead_letter_queue_url,
        "Undelivered events": deployment.undelivered_queue_url,
    }
    for name, url in places.items():
        bodies = queues.peeked(deployment.sqs, url)
        ours = [version for body in bodies if (version := _version_of(body, key)) is not None]
        if ours:
            yield f"{name}: {_number(len(ours), 'message')} of this file, version {', '.join(ours)}: see `make redrive`"
        else:
            yield f"{name}: none of this file (looked at {len(bodies)})"


def _version_of(body: str, key: str) -> str | None:
    """The version that a message speaks of, None where it is of another key or can't be read."""
    try:
        found = json.loads(body)["detail"]["object"]
        return str(found.get("version-id")) if found["key"] == key else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _time(written: str | None) -> str:
    return "never" if written is None else f"{datetime.fromisoformat(written).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
