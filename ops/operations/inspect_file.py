"""Shows what the bucket, the ledger and the queues contain about a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ops.common.terminal import show, utc
from ops.ingestion import keys, queues
from ops.ingestion.deployed import DeployedIngestion
from ops.ingestion.versions import Version
from ops.operations import ledger
from ops.operations.deployed import DeployedOperations

_SHOWN = 20


def run(operations: DeployedOperations, *, key: str) -> int:
    """Print all of it, and return the exit code, which is 1 if neither the bucket nor the ledger has the file.

    `key` may be a URL, and may lack the prefix. It is found in composed and decomposed Unicode. Forms that exist are
    shown one after another.
    """
    ingestion = operations.ingestion
    key = keys.without_bucket(key, ingestion.landing_bucket)
    stored = keys.stored(ingestion.s3, ingestion.landing_bucket, key)
    if not stored and not key.startswith(ingestion.incoming_prefix):
        key = f"{ingestion.incoming_prefix}{key}"
        stored = keys.stored(ingestion.s3, ingestion.landing_bucket, key)
    show(f"{key} in {ingestion.environment.label} (s3://{ingestion.landing_bucket})")
    known = {form: ledger.inspect(operations, form) for form in dict.fromkeys((*keys.forms(key), *stored))}
    found = [form for form in known if form in stored or known[form]["total"]] or [key]
    unknown = 0
    for form in found:
        if found != [key]:
            show(f"Found {keys.described(form)}")
        for line in (*_bucket(stored.get(form, [])), *_ledger(known[form])):
            show(line)
        unknown += _unknown(stored.get(form, []), known[form])
    for line in _queues(ingestion, key):
        show(line)
    if unknown:
        if key.startswith(ingestion.incoming_prefix):
            show(f"The ledger does not have {unknown:,} of these versions.")
            show("If none of the queues has a message about them, `make reconcile` loads them.")
        else:
            show(f"The pipeline loads only files below {ingestion.incoming_prefix}.")
    if not stored and not any(each["total"] for each in known.values()):
        show(f"Neither the bucket nor the ledger has {key}.", error=True)
        return 1
    return 0


def _unknown(in_bucket: list[Version], known: dict[str, Any]) -> int:
    """How many versions the ledger does not have, as far as the function returns its rows."""
    if known["total"] > len(known["versions"]):
        return 0  # it returns only the newest rows of a key with very many versions
    ids = {version["version_id"] for version in known["versions"]}
    return sum(version.version_id not in ids for version in in_bucket)


def _bucket(found: list[Version]) -> Iterator[str]:
    yield f"In the bucket: {_number(len(found), 'version')}"
    for version in found[:_SHOWN]:
        newest = ", the newest" if version.is_latest else ""
        stored = "" if version.storage_class == "STANDARD" else f", in {version.storage_class}"
        yield f"  {utc(version.at)}  {version.version_id}  {version.content}{stored}{newest}"
    if len(found) > _SHOWN:
        yield f"  and {len(found) - _SHOWN} more"


def _ledger(known: dict[str, Any]) -> Iterator[str]:
    yield f"In the ledger: {_number(known['total'], 'version')}"
    for version in known["versions"]:
        reason = f": {version['reason']}" if version["reason"] else ""
        yield f"  {_time(version['uploaded_at'])}  {version['version_id']}  {version['status']}{reason}"
        yield f"    received {_time(version['received_at'])}, finished {_time(version['finished_at'])}"
        if version["status"] != "deleted":
            stored = version["rows_stored"]
            now = "too many to count" if stored is None else f"{stored:,}"
            yield (
                f"    {_number(version['rows_loaded'], 'row')} loaded, {version['rows_rejected']:,} rejected; "
                f"rows of this version that are stored now: {now}"
            )
        if by := version.get("withdrawn_by"):
            why = json.dumps(version["withdrawn_why"], ensure_ascii=False)
            yield f"    withdrawn by {by}, {_time(version['withdrawn_at'])}: {why}"
        for request in version.get("requests", []):  # an older function does not say it
            why = f": {json.dumps(request['why'], ensure_ascii=False)}" if request["why"] else ""
            yield f"    loaded again on request of {request['requested_by']}, {_time(request['requested_at'])}{why}"
        for reject in version["rejects"]:
            yield f"    line {reject['line_number']}: {'; '.join(reject['reasons'])}"
            yield f"      {json.dumps(reject['raw'], ensure_ascii=False)}"
        hidden = version["rows_rejected"] - len(version["rejects"])
        if hidden and version["rejects"]:
            yield f"    and {hidden:,} more rejected rows"
        elif hidden:
            yield "    The rejected rows are no longer stored."
    if known["total"] > len(known["versions"]):
        yield f"  and {known['total'] - len(known['versions'])} older ones"


def _queues(ingestion: DeployedIngestion, key: str) -> Iterator[str]:
    # Only counted: receiving a message of this queue would count as an attempt to load its file.
    visible, in_flight = queues.counts(ingestion.sqs, ingestion.queue_url)
    yield f"In the queue: about {_number(visible, 'message')}, and {in_flight:,} in flight or waiting for a retry"
    failed = {
        "Dead letters": ingestion.dead_letter_queue_url,
        "Undelivered events": ingestion.undelivered_queue_url,
    }
    for name, url in failed.items():
        bodies = queues.peek(ingestion.sqs, url)
        found = [version for body in bodies if (version := _version_of(body, key)) is not None]
        if found:
            count = _number(len(found), "message")
            yield f"{name}: {count} of this file, version {', '.join(found)}: `make redrive` moves them to the queue"
        else:
            yield f"{name}: none of this file (searched {_number(len(bodies), 'message')})"


def _version_of(body: str, key: str) -> str | None:
    """The version that a message is about; None if it is about another key or is no event."""
    try:
        found = json.loads(body)["detail"]["object"]
        return str(found.get("version-id")) if keys.same(found["key"], key) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _time(written: str | None) -> str:
    return "never" if written is None else utc(datetime.fromisoformat(written))


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
