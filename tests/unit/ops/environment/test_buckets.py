"""A bucket is emptied of all versions, delete markers and unfinished uploads."""

from __future__ import annotations

from typing import Any

import pytest

from ops.common.errors import CommandError
from ops.environment import buckets
from tests.support.ops.stubs import Stubs, entry, page


def lists(aws: Stubs, versions: list[Any], markers: list[Any], *, more: bool = False) -> None:
    aws.expect("s3", "list_object_versions", page(versions, markers, more=more))


def deletes(aws: Stubs, *versions: tuple[str, str], errors: list[Any] | None = None) -> None:
    objects = [{"Key": key, "VersionId": version} for key, version in versions]
    asked = {"Bucket": "bucket", "Delete": {"Objects": objects, "Quiet": True}}
    aws.expect("s3", "delete_objects", {"Errors": errors} if errors else {}, asked)


def test_versions_and_delete_markers_of_all_pages_are_deleted_and_unfinished_uploads_aborted(aws: Stubs) -> None:
    lists(aws, [entry("a", "1"), entry("a", "2", latest=False)], [entry("b", "3", size=None)], more=True)
    deletes(aws, ("a", "1"), ("a", "2"), ("b", "3"))
    lists(aws, [entry("c", "4")], [])
    deletes(aws, ("c", "4"))
    upload = {"Key": "d", "UploadId": "5"}
    aws.expect("s3", "list_multipart_uploads", {"Uploads": [upload], "IsTruncated": False})
    aws.expect("s3", "abort_multipart_upload", {}, {"Bucket": "bucket", **upload})
    assert buckets.empty(aws.client("s3"), "bucket", print) == 4


def test_a_version_that_s3_refuses_to_delete_is_an_error_that_names_it(aws: Stubs) -> None:
    lists(aws, [entry("a", "1")], [])
    deletes(aws, ("a", "1"), errors=[{"Key": "a", "Code": "AccessDenied", "Message": "locked"}])
    with pytest.raises(CommandError, match=r"1 of 1 versions in bucket, the first a \(AccessDenied: locked\)"):
        buckets.empty(aws.client("s3"), "bucket", print)


def test_a_bucket_that_is_gone_already_is_empty(aws: Stubs) -> None:
    aws.refuse("s3", "list_object_versions", "NoSuchBucket")
    assert buckets.empty(aws.client("s3"), "bucket", print) == 0


def test_deliveries_end_with_the_policy_that_allows_them(aws: Stubs) -> None:
    aws.expect("s3", "delete_bucket_policy", {}, {"Bucket": "bucket"})
    buckets.end_deliveries(aws.client("s3"), "bucket")
    aws.refuse("s3", "delete_bucket_policy", "NoSuchBucket")
    buckets.end_deliveries(aws.client("s3"), "bucket")


@pytest.mark.parametrize(("found", "more", "said"), [(0, False, "no"), (2, False, "2"), (2, True, "more than 2")])
def test_versions_are_counted_with_one_call(aws: Stubs, found: int, more: bool, said: str) -> None:
    lists(aws, [entry("a", str(number)) for number in range(found)], [], more=more)
    assert buckets.count(aws.client("s3"), "bucket") == said
