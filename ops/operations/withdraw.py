"""Withdraws a file: its rows go, and the files that it met are loaded again, so that what it replaced comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ops.common import terminal
from ops.common.errors import CommandError
from ops.common.terminal import show
from ops.ingestion import keys, reprocess, versions
from ops.ingestion.deployed import DeployedIngestion
from ops.ingestion.versions import Version
from ops.operations import ledger
from ops.operations.deployed import DeployedOperations
from ops.operations.function import ask_to_write

ARCHIVED_FILES_ARE_LEFT = 3
_PAGE = 1_000  # the maximum of the function
_SHOWN = 20


@dataclass(kw_only=True)
class _Met:
    """The files that have keys of the withdrawn one: those that can be loaded again, and those that can't be read."""

    readable: list[Version] = field(default_factory=list)
    archived: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def run(operations: DeployedOperations, *, key: str, version_id: str, why: str, yes: bool) -> int:
    """Report what would happen, do it after confirmation, and return the exit code.

    `version_id` may be empty if the bucket has one version of the key. If it is withdrawn already, only files that an
    interrupted command did not ask for are loaded again. The key may be a URL, and is also found in another Unicode
    form.
    """
    reprocess.check_reason(why)
    if not why.strip():
        raise CommandError(f"WHY must say why the file is withdrawn, got {why!r}")
    ingestion = operations.ingestion
    key = _known(operations, keys.without_bucket(key, ingestion.landing_bucket))
    request = {"action": "withdraw", "key": key, "who": reprocess.caller(ingestion), "why": why}
    file = ask_to_write(operations, request | {"version_id": version_id or None, "dry_run": True})
    if not version_id:
        _require_no_other_version(ingestion, key, file["version_id"])
    chosen = f"{key}, version {file['version_id']} of {_time(file['uploaded_at'])}"
    met = _met(operations, key, file["version_id"])
    if file["withdrawn"]:
        show(f"{chosen}, was withdrawn by {file['withdrawn']['by']}, {_time(file['withdrawn']['at'])}.")
        show(f"The reason was: {file['withdrawn']['why']}")
        if not met.readable:
            show("Nothing is left to do.")
            _report(met)
            return ARCHIVED_FILES_ARE_LEFT if met.archived else 0
    else:
        show(f"Withdrawing {chosen}, in {ingestion.environment.label}.")
        show(f"{file['rows']:,} rows of {file['dataset']} go. This version is never loaded again; a new upload is.")
    _report(met)
    if not file["overlaps_noted"]:
        show("An older release loaded this file, and did not note which files it met: what it replaced of files")
        show("before it comes back only if you load them again, with make reprocess.")
    if not terminal.confirmed("Go on?", yes=yes):
        return 1
    if not file["withdrawn"]:
        file = ask_to_write(operations, request | {"version_id": file["version_id"], "dry_run": False})
        show(f"{file['rows']:,} rows are deleted.")
        met = _met(operations, key, file["version_id"])  # others may have come since the report
    # The time of the withdrawal marks these requests, so a repeated command knows which files were asked for.
    by, at = file["withdrawn"]["by"], file["withdrawn"]["at"]
    sent = reprocess.send(ingestion, met.readable, by=by, at=at, why=f"withdrawal of {key}")
    if sent:
        show(f"{sent:,} files are in the queue, to be loaded again.")
    return ARCHIVED_FILES_ARE_LEFT if met.archived else 0


def _require_no_other_version(ingestion: DeployedIngestion, key: str, newest: str) -> None:
    """The newest version that brought rows need not be the one that is meant: a newer one may still be in the queue."""
    stored = [each for each in _in_bucket(ingestion, key).values() if not each.is_delete_marker]
    others = [each for each in stored if each.version_id != newest]
    if others:
        choices = "".join(f"\n  VERSION={each.version_id}  {terminal.utc(each.at)}  {each.content}" for each in stored)
        raise CommandError(f"{key} has {len(stored)} versions: choose the one to withdraw{choices}")


def _known(operations: DeployedOperations, key: str) -> str:
    """The form of the key that the ledger has; raises CommandError if it has none, or several others."""
    found = [form for form in keys.forms(key) if ledger.inspect(operations, form)["total"]]
    if not found:
        raise CommandError(f"the ledger has no version of {key!r}: KEY must name a file as make inspect shows it")
    if key not in found and len(found) > 1:
        choices = ", or ".join(keys.described(form) for form in found)
        raise CommandError(f"{len(found)} keys look like {key}: choose the one {choices}")
    return found[0]


def _met(operations: DeployedOperations, key: str, version_id: str) -> _Met:
    """The files that have keys of this version, in the order in which they came."""
    met, listed, after = _Met(), dict[str, dict[str, Version]](), 0
    while True:
        request = {"action": "overlapping", "key": key, "version_id": version_id, "after": after, "limit": _PAGE}
        page = ask_to_write(operations, request)["files"]
        for _, other, other_id in page:
            if other not in listed:
                listed[other] = _in_bucket(operations.ingestion, other)
            version = listed[other].get(other_id)
            if version is None:
                met.gone.append(f"{other}  version {other_id}")
            elif version.is_archived:
                met.archived.append(f"{other}  version {other_id}  {version.storage_class}")
            else:
                met.readable.append(version)
        if len(page) < _PAGE:
            return met
        after = page[-1][0]


def _in_bucket(ingestion: DeployedIngestion, key: str) -> dict[str, Version]:
    return {each.version_id: each for each in versions.of_key(ingestion.s3, ingestion.landing_bucket, key)}


def _report(met: _Met) -> None:
    readable = [f"{version.key}  version {version.version_id}  {version.content}" for version in met.readable]
    _list("files have the same keys, and are loaded again", readable)
    _list("files are archived: restore them in S3, and run this again", met.archived)
    _list("files are no longer in the bucket, so what this file replaced of them does not come back", met.gone)


def _list(what: str, files: list[str]) -> None:
    if files:
        show(f"{len(files):,} {what}:", *(f"  {each}" for each in files[:_SHOWN]))
    if len(files) > _SHOWN:
        show(f"  and {len(files) - _SHOWN:,} more")


def _time(written: str) -> str:
    return terminal.utc(datetime.fromisoformat(written))
