"""Erases a person from the database and the landing bucket, by the person's e-mail address.

The address stays on this machine: the function gets its hash, and the bucket keeps the hash with the time, so that
`again` can erase the person from a restored database.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from ops.common import terminal
from ops.common.environment import configuration
from ops.common.errors import CommandError
from ops.common.terminal import show
from ops.ingestion import versions
from ops.ingestion.versions import Version
from ops.operations.deployed import DeployedOperations
from ops.operations.function import ask_to_write
from ops.operations.originals import UnsearchableError, contains
from tabular.addresses import Addresses, address_hash

SOMETHING_IS_LEFT = 3
ERASURES_PREFIX = "erasures/"
_BATCH = 500  # versions in a question
_SHOWN = 20
_ADDRESS = re.compile(r"[^\s@\"<>(),:;\[\]\\]{1,64}@[^\s@\"<>(),:;\[\]\\]{1,189}")


@dataclass(kw_only=True)
class _Originals:
    """The versions that have the address, and those that can't be searched, with the reason."""

    searched: int = 0
    found: list[Version] = field(default_factory=list)
    unsearchable: list[tuple[Version, str]] = field(default_factory=list)


def run(operations: DeployedOperations, *, email: str, yes: bool) -> int:
    """Report what there is, erase it after confirmation, and return the exit code. Repeating it is harmless."""
    if not _ADDRESS.fullmatch(email) or not email.isprintable():
        raise CommandError(f"EMAIL must be one e-mail address, such as ada@example.com, got {email!r:.300}")
    known = Addresses([address_hash(email)])
    show(f"Searching {operations.ingestion.environment.label} for the person. This reads every original file.")
    dry = _forget(operations, email, dry_run=True)
    originals = _search(operations, email, known)
    _report(dry, originals, known)
    show("Files that arrive later bring the person back, so tell the senders to stop first.")
    if not terminal.confirmed("Erase all of this for good?", yes=yes):
        return 1
    _remember(operations, email, dry["until"])
    done = _forget(operations, email, dry_run=False)
    _remember(operations, email, done["until"])
    left = _delete(operations, originals.found)
    show(f"Erased: {_database(done)}; {len(originals.found) - len(left):,} originals.")
    _remains(operations, done, originals, left, known)
    return SOMETHING_IS_LEFT if left or originals.unsearchable else 0


def again(operations: DeployedOperations, *, yes: bool) -> int:
    """Erase every person of the past from the database once more, after it was restored from a backup."""
    ingestion = operations.ingestion
    found = [
        version
        for version in versions.listed(ingestion.s3, ingestion.landing_bucket, ERASURES_PREFIX)
        if version.is_latest and not version.is_delete_marker
    ]
    show(f"{len(found):,} persons were erased from {ingestion.environment.label} so far.")
    if not found or not terminal.confirmed("Erase them from the database again?", yes=yes):
        return 0 if not found else 1
    for version in found:
        answer = ingestion.s3.get_object(Bucket=ingestion.landing_bucket, Key=version.key, VersionId=version.version_id)
        until = json.loads(answer["Body"].read())["until"]
        hashed = version.key.removeprefix(ERASURES_PREFIX)
        done = ask_to_write(operations, {"action": "forget", "address_hash": hashed, "until": until, "dry_run": False})
        show(f"  until {until}: {_database(done)}")
    return 0


def _forget(operations: DeployedOperations, email: str, *, dry_run: bool) -> dict[str, Any]:
    return ask_to_write(operations, {"action": "forget", "address_hash": address_hash(email).hex(), "dry_run": dry_run})


def _search(operations: DeployedOperations, email: str, known: Addresses) -> _Originals:
    """Every version below the prefix: files may have been replaced or deleted, and be of no dataset."""
    s3, bucket = operations.ingestion.s3, operations.ingestion.landing_bucket
    originals = _Originals()
    for version in versions.listed(s3, bucket, operations.ingestion.incoming_prefix):
        if version.is_delete_marker:
            continue
        originals.searched += 1
        if known.are_in(version.key):
            originals.found.append(version)
        else:
            # A version that was restored from an archive keeps its class in the list, so only reading it tells.
            try:
                body = s3.get_object(Bucket=bucket, Key=version.key, VersionId=version.version_id)["Body"]
                if contains(body, email):
                    originals.found.append(version)
            except UnsearchableError as error:
                originals.unsearchable.append((version, str(error)))
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("NoSuchVersion", "NoSuchKey", "InvalidObjectState"):
                    raise
                if error.response["Error"]["Code"] == "InvalidObjectState":
                    originals.unsearchable.append((version, "it is archived: restore it in S3 first"))
    return originals


def _remember(operations: DeployedOperations, email: str, until: str) -> None:
    """Before anything is erased: a person who is erased must also be known after a restore of the database."""
    operations.ingestion.s3.put_object(
        Bucket=operations.ingestion.landing_bucket,
        Key=f"{ERASURES_PREFIX}{address_hash(email).hex()}",
        Body=json.dumps({"until": until}).encode(),
    )


def _delete(operations: DeployedOperations, found: list[Version]) -> list[Version]:
    """Delete the versions, and return those that must stay because they are not loaded yet."""
    s3, bucket = operations.ingestion.s3, operations.ingestion.landing_bucket
    left = []
    for start in range(0, len(found), _BATCH):
        batch = found[start : start + _BATCH]
        # The database can't hold NUL, so no file with it in its key is ever loaded.
        pairs = [[version.key, version.version_id] for version in batch if "\0" not in version.key]
        answer = ask_to_write(operations, {"action": "finished_versions", "versions": pairs})
        finished = {(key, version_id) for key, version_id in answer["versions"]}
        for version in batch:
            if (version.key, version.version_id) not in finished and "\0" not in version.key:
                left.append(version)
                continue
            if _is_current(operations, version):
                # Otherwise the version before it would become the current one.
                s3.delete_object(Bucket=bucket, Key=version.key)
            s3.delete_object(Bucket=bucket, Key=version.key, VersionId=version.version_id)
    return left


def _is_current(operations: DeployedOperations, version: Version) -> bool:
    """Whether it is the newest of its key now. Since the search, a sender may have replaced it."""
    ingestion = operations.ingestion
    newest = versions.of_key(ingestion.s3, ingestion.landing_bucket, version.key)[:1]
    return [each.version_id for each in newest] == [version.version_id]


def _report(dry: dict[str, Any], originals: _Originals, known: Addresses) -> None:
    show(f"In the database: {_database(dry)}.")
    show(f"In the bucket: {len(originals.found):,} of {originals.searched:,} originals have the address.")
    show("They are deleted whole, with the rows of others; what was loaded from them stays in the database.")
    for version in originals.found[:_SHOWN]:
        show(f"  {_named(version, known)}")
    if len(originals.found) > _SHOWN:
        show(f"  and {len(originals.found) - _SHOWN:,} more")


def _remains(
    operations: DeployedOperations, done: dict[str, Any], originals: _Originals, left: list[Version], known: Addresses
) -> None:
    for version in left:
        show(f"Left: {_named(version, known)} is not loaded yet: run this again when it is.")
    for version, reason in originals.unsearchable:
        show(f"Not searched: {_named(version, known)}: {reason}.")
    if done["keys"]:
        show(f"The ledger keeps the names of {done['keys']:,} files that have the address (docs/privacy.md).")
    values = configuration(operations.ingestion.environment.name)
    logs = max(
        values.foundation.log_bucket_days, *(getattr(each, "log_days", None) or 0 for each in vars(values).values())
    )
    show(
        f"What can't be removed goes by itself: backups of the database after {values.database.backup_days} days, "
        f"events with names of files after {values.ingestion.archive_days}, logs after at most {logs}. "
        "Snapshots that people made stay until people delete them, and so do the reasons that people gave to "
        "make reprocess and make withdraw."
    )


def _database(answer: dict[str, Any]) -> str:
    rows = [
        f"{counts['deleted']:,} rows of {name}" + (f" and {counts['masked']:,} mentions" if counts["masked"] else "")
        for name, counts in answer["rows"].items()
    ]
    return ", ".join([*rows, f"{answer['rejects']:,} rejected rows", f"{answer['reasons']:,} reasons of files"])


def _named(version: Version, known: Addresses) -> str:
    """The version in one line, whatever the sender wrote into its key."""
    key = json.dumps(known.masked(version.key))
    return f"{key}  version {version.version_id}  {terminal.utc(version.at)}  {version.content}"
