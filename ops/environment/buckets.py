"""Empties buckets: every version, every delete marker, and the parts of unfinished uploads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from ops.common.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGE = 1_000  # the most that S3 lists, and deletes, in one call
_REPORT_EVERY = 100_000


def count(s3: S3Client, bucket: str) -> str:
    """How many versions it has, from one page: "no", "12", or "more than 1,000"."""
    page = s3.list_object_versions(Bucket=bucket, MaxKeys=PAGE)
    found = len(page.get("Versions", [])) + len(page.get("DeleteMarkers", []))
    return f"more than {found:,}" if page.get("IsTruncated") else f"{found:,}" if found else "no"


def end_deliveries(s3: S3Client, bucket: str) -> None:
    """Delete the bucket's policy, by which AWS delivers logs into it; one that doesn't exist is no error.

    Access logs arrive for some hours after their source is gone: with the policy, an emptied log bucket fills again.
    """
    with contextlib.suppress(s3.exceptions.NoSuchBucket):
        s3.delete_bucket_policy(Bucket=bucket)


def empty(s3: S3Client, bucket: str, say: Callable[[str], None]) -> int:
    """Delete everything in it, for good. Returns the number of versions; a bucket that doesn't exist has none.

    Raises CommandError if S3 refuses to delete one of them.
    """
    deleted = 0
    try:
        for page in s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, PaginationConfig={"PageSize": PAGE}
        ):
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if not found:
                continue
            answer = s3.delete_objects(
                Bucket=bucket,
                Delete={
                    "Objects": [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found],
                    "Quiet": True,
                },
            )
            if errors := answer.get("Errors"):
                first = errors[0]
                raise CommandError(
                    f"S3 refused to delete {len(errors):,} of {len(found):,} versions in {bucket}, the first "
                    f"{first.get('Key')} ({first.get('Code')}: {first.get('Message')})"
                )
            if deleted // _REPORT_EVERY != (deleted + len(found)) // _REPORT_EVERY:
                say(f"  {bucket}: {deleted + len(found):,} versions deleted so far")
            deleted += len(found)
        # Their parts are no versions, and cost money as long as the bucket is there.
        for uploads in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
            for upload in uploads.get("Uploads", []):
                s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    except s3.exceptions.NoSuchBucket:
        return deleted
    return deleted
