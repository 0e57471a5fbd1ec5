"""What is in the bucket: versions and delete markers, in S3's order, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Objects in these classes must be restored before they can be read (Amazon S3 User Guide, "Restoring an archived
# object"). That Intelligent-Tiering moved one to its archive tiers is not in the list; reading it fails.
ASLEEP = frozenset({"GLACIER", "DEEP_ARCHIVE"})


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a key. A delete marker has no size."""

    key: str
    version_id: str
    at: datetime
    size: int | None
    is_latest: bool
    storage_class: str = "STANDARD"

    @property
    def is_marker(self) -> bool:
        """Whether it only says that the key was deleted."""
        return self.size is None

    def message(self, bucket: str, reason: str) -> str:
        """The event of it, as EventBridge would have put it into the queue; `reason` says who made it up."""
        described: dict[str, object] = {"key": self.key, "version-id": self.version_id}
        detail: dict[str, object] = {"bucket": {"name": bucket}, "object": described, "reason": reason}
        if self.is_marker:
            detail["deletion-type"] = "Delete Marker Created"
        else:
            described["size"] = self.size
        return json.dumps(
            {
                "source": "shop.operations",
                "detail-type": "Object Deleted" if self.is_marker else "Object Created",
                "time": self.at.isoformat(timespec="seconds"),  # as S3 tells it in its own events
                "detail": detail,
            }
        )


def listed(s3: S3Client, bucket: str, prefix: str) -> Iterator[Version]:
    """Every version below the prefix; keys ascend by their UTF-8 bytes, the newest version of a key comes first."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        versions = (
            Version(
                key=each["Key"],
                version_id=each["VersionId"],
                at=each["LastModified"],
                size=each["Size"],
                is_latest=each["IsLatest"],
                storage_class=each.get("StorageClass", "STANDARD"),
            )
            for each in page.get("Versions", [])
        )
        markers = (
            Version(
                key=each["Key"],
                version_id=each["VersionId"],
                at=each["LastModified"],
                size=None,
                is_latest=each["IsLatest"],
            )
            for each in page.get("DeleteMarkers", [])
        )
        # A page has both kinds apart, each in order. Python compares text by code points, and so as UTF-8's bytes do.
        yield from merge(versions, markers, key=attrgetter("key"))


def of_key(s3: S3Client, bucket: str, key: str) -> list[Version]:
    """Every version of one key, the newest first."""
    found = []
    for version in listed(s3, bucket, key):
        if version.key != key:
            break  # the keys that go on after it come later
        found.append(version)
    return sorted(found, key=attrgetter("is_latest", "at"), reverse=True)
