"""The requests that the function answers. All input is untrusted, so all of it is validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.database import UNSTORABLE

LARGEST_PAGE = 1_000  # keys have at most 1,024 bytes, and Lambda answers with at most 6 MB
LONGEST_KEY_BYTES = 1_024  # Amazon S3 User Guide, "Naming Amazon S3 objects"


class RequestError(ValueError):
    """The request is invalid; the message names the field."""


@dataclass(frozen=True, kw_only=True)
class Inspect:
    """A request for what happened to every version of one key."""

    key: str


@dataclass(frozen=True, kw_only=True)
class KnownVersions:
    """A request for a page of the versions in the ledger, in S3's order, starting after `after`."""

    after: tuple[str, str] | None
    limit: int


Request = Inspect | KnownVersions


def parse(event: object) -> Request:
    """Read a request; raises RequestError that names the field, what is allowed and what it was."""
    if not isinstance(event, Mapping):
        raise RequestError(f"the request must be a JSON object, got {type(event).__name__}")
    action = event.get("action")
    if action == "inspect":
        return Inspect(key=_text(event.get("key"), "key"))
    if action == "known_versions":
        return KnownVersions(after=_after(event.get("after")), limit=_limit(event.get("limit")))
    raise RequestError(f"action must be 'inspect' or 'known_versions', got {action!r:.100}")


def _text(value: object, field: str) -> str:
    if (
        not isinstance(value, str)
        or UNSTORABLE.search(value)
        or not 1 <= len(value.encode(errors="replace")) <= LONGEST_KEY_BYTES
    ):
        raise RequestError(f"{field} must be text of 1 to {LONGEST_KEY_BYTES} bytes, got {value!r:.100}")
    return value


def _after(value: object) -> tuple[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise RequestError(f"after must be null, or a list of a key and a version, got {value!r:.100}")
    return _text(value[0], "after[0]"), _text(value[1], "after[1]")


def _limit(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST_PAGE:
        raise RequestError(f"limit must be a whole number from 1 to {LARGEST_PAGE}, got {value!r:.100}")
    return value
