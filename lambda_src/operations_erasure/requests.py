"""The requests that the function answers. All input is untrusted, so all of it is validated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from common.database import UNSTORABLE
from common.times import exact_time

MOST_VERSIONS = 1_000
LARGEST_PAGE = 1_000  # keys have at most 1,024 bytes, and Lambda answers with at most 6 MB
LONGEST_TEXT_BYTES = 2_048  # of ARNs, and of reasons with 500 characters
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


@dataclass(frozen=True, kw_only=True)
class Withdraw:
    """A request to withdraw a version of a key; None means the newest that brought rows. A dry run changes nothing."""

    key: str
    version_id: str | None
    who: str
    why: str
    dry_run: bool


@dataclass(frozen=True, kw_only=True)
class Overlapping:
    """A request for a page of the files that have keys of a version, after the file with the id `after`."""

    key: str
    version_id: str
    after: int
    limit: int


Request = Forget | FinishedVersions | Withdraw | Overlapping


def parse(event: object) -> Request:
    """Read a request; raises ErasureRequestError that names the field, what is allowed and what it was."""
    if not isinstance(event, Mapping):
        raise ErasureRequestError(f"the request must be a JSON object, got {type(event).__name__}")
    action = event.get("action")
    if action == "forget":
        return _forget(event)
    if action == "finished_versions":
        return FinishedVersions(versions=_versions(event.get("versions")))
    if action == "withdraw":
        version_id = event.get("version_id")
        return Withdraw(
            key=_text(event, "key"),
            version_id=None if version_id is None else _text(event, "version_id"),
            who=_text(event, "who"),
            why=_text(event, "why"),
            dry_run=_dry_run(event),
        )
    if action == "overlapping":
        return Overlapping(
            key=_text(event, "key"),
            version_id=_text(event, "version_id"),
            after=_number(event, "after", 0, 2**63 - 1),
            limit=_number(event, "limit", 1, LARGEST_PAGE),
        )
    actions = "'forget', 'finished_versions', 'withdraw' or 'overlapping'"
    raise ErasureRequestError(f"action must be {actions}, got {action!r:.100}")


def _forget(event: Mapping[str, object]) -> Forget:
    found, until = event.get("address_hash"), event.get("until")
    if not isinstance(found, str) or not _HASH.fullmatch(found):
        raise ErasureRequestError("address_hash must be 64 hexadecimal digits in lower case")
    until_time = None if until is None else _time(until)
    return Forget(address_hash=bytes.fromhex(found), until=until_time, dry_run=_dry_run(event))


def _dry_run(event: Mapping[str, object]) -> bool:
    dry_run = event.get("dry_run")
    if not isinstance(dry_run, bool):
        raise ErasureRequestError(f"dry_run must be true or false, got {dry_run!r:.100}")
    return dry_run


def _text(event: Mapping[str, object], field: str) -> str:
    value = event.get(field)
    is_text = isinstance(value, str) and not UNSTORABLE.search(value)
    if not is_text or not 1 <= len(str(value).encode()) <= LONGEST_TEXT_BYTES:
        raise ErasureRequestError(f"{field} must be text of 1 to {LONGEST_TEXT_BYTES:,} bytes, got {value!r:.100}")
    return str(value)


def _number(event: Mapping[str, object], field: str, least: int, most: int) -> int:
    value = event.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ErasureRequestError(f"{field} must be a whole number from {least} to {most}, got {value!r:.100}")
    return value


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
