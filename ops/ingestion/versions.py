"""Lists the object versions and delete markers of a bucket in S3's order, one page at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Objects in these classes must be restored before they can be read (Amazon S3 User Guide, "Restoring an archived
# object"). The list does not show that an object is in an archive tier of Intelligent-Tiering; reading it fails.
_ARCHIVE_CLASSES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
SOURCE = "ops"  # the events of S3 have "aws.s3"


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of a key. `size` is None for a delete marker."""

    key: str
    version_id: str
    at: datetime
    size: int | None
    is_latest: bool
    storage_class: str = "STANDARD"
    is_restored: bool = False

    @property
    def is_archived(self) -> bool:
        """Whether it must be restored before it can be read. A restored version keeps its storage class."""
        return self.storage_class in _ARCHIVE_CLASSES and not self.is_restored

    @property
    def is_delete_marker(self) -> bool:
        """Whether it only records that the key was deleted."""
        return self.size is None

    @property
    def content(self) -> str:
        """Its size, or that it is a delete marker."""
        return "delete marker" if self.size is None else f"{self.size:,} bytes"

    def message(self, bucket: str, reason: str, *, request: Mapping[str, str] | None = None) -> str:
        """Its event as EventBridge would send it to the queue. `reason` names the command that sends it instead.

        `request` says who asked for it (by), when (at), and perhaps why.
        """
        described: dict[str, object] = {"key": self.key, "version-id": self.version_id}
        detail: dict[str, object] = {"bucket": {"name": bucket}, "object": described, "reason": reason}
        if request:
            detail["request"] = dict(request)
        if self.is_delete_marker:
            detail["deletion-type"] = "Delete Marker Created"
        else:
            described["size"] = self.size
        return json.dumps(
            {
                "source": SOURCE,
                "detail-type": "Object Deleted" if self.is_delete_marker else "Object Created",
                "time": self.at.isoformat(timespec="seconds"),  # as in the events of S3
                "detail": detail,
            }
        )


def listed(s3: S3Client, bucket: str, prefix: str) -> Iterator[Version]:
    """Every version below the prefix. Keys ascend by their UTF-8 bytes; versions of a key begin with the newest."""
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=prefix, OptionalObjectAttributes=["RestoreStatus"]
    )
    for page in pages:
        # A page lists both kinds separately, each in order. Python's order of code points is that of UTF-8 bytes.
        versions, markers = map(_version, page.get("Versions", [])), map(_version, page.get("DeleteMarkers", []))
        yield from merge(versions, markers, key=attrgetter("key"))


def _version(listed: Mapping[str, Any]) -> Version:
    return Version(
        key=listed["Key"],
        version_id=listed["VersionId"],
        at=listed["LastModified"],
        size=listed.get("Size"),
        is_latest=listed["IsLatest"],
        is_restored=listed.get("RestoreStatus", {}).get("IsRestoreInProgress") is False,
        storage_class=listed.get("StorageClass", "STANDARD"),
    )


def of_key(s3: S3Client, bucket: str, key: str) -> list[Version]:
    """Every version of one key, the newest first."""
    found = []
    for version in listed(s3, bucket, key):
        if version.key != key:
            break  # longer keys with this prefix come later
        found.append(version)
    return sorted(found, key=attrgetter("is_latest", "at"), reverse=True)
