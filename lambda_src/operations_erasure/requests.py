"""The requests that the function answers. All input is untrusted, so all of it is validated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from common.database import UNSTORABLE
from common.times import exact_time

MOST_VERSIONS = 1_000
_HASH = re.compile(r"[0-9a-f]{64}")


class ErasureRequestError(ValueError):
    """The request is invalid; the message names the field."""


@dataclass(frozen=True, kw_only=True)
class Forget:
    """A request to erase the address with this hash from what was uploaded until `until`; None means now.

    A dry run changes nothing.
    """

    address_hash: bytes
    until: datetime | None
    dry_run: bool


@dataclass(frozen=True, kw_only=True)
class FinishedVersions:
    """A question which of these versions, as key and id, were processed: they are no longer needed for loading."""

    versions: tuple[tuple[str, str], ...]


def parse(event: object) -> Forget | FinishedVersions:
    """Read a request; raises ErasureRequestError that names the field, what is allowed and what it was."""
    if not isinstance(event, Mapping):
        raise ErasureRequestError(f"the request must be a JSON object, got {type(event).__name__}")
    action = event.get("action")
    if action == "forget":
        return _forget(event)
    if action == "finished_versions":
        return FinishedVersions(versions=_versions(event.get("versions")))
    raise ErasureRequestError(f"action must be 'forget' or 'finished_versions', got {action!r:.100}")


def _forget(event: Mapping[str, object]) -> Forget:
    found, dry_run, until = event.get("address_hash"), event.get("dry_run"), event.get("until")
    if not isinstance(found, str) or not _HASH.fullmatch(found):
        raise ErasureRequestError("address_hash must be 64 hexadecimal digits in lower case")
    if not isinstance(dry_run, bool):
        raise ErasureRequestError(f"dry_run must be true or false, got {dry_run!r:.100}")
    return Forget(address_hash=bytes.fromhex(found), until=None if until is None else _time(until), dry_run=dry_run)


def _time(value: object) -> datetime:
    time = exact_time(value)
    if time is None:
        raise ErasureRequestError(f"until must be null, or a date and time with an offset from UTC, got {value!r:.100}")
    return time


def _versions(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list) or len(value) > MOST_VERSIONS:
        raise ErasureRequestError(f"versions must be a list of at most {MOST_VERSIONS:,}")
    for each in value:
        texts = isinstance(each, list) and len(each) == 2 and all(isinstance(text, str) for text in each)
        if not texts or any(UNSTORABLE.search(text) for text in each):
            raise ErasureRequestError(f"each of versions must be a list of a key and a version, got {each!r:.100}")
    return tuple((key, version) for key, version in value)
