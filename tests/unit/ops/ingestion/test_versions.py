"""Versions and delete markers are listed in S3's order, and their messages are those of EventBridge."""

from __future__ import annotations

import json

from ingestion.event import EventType, parse
from ops.ingestion.versions import Version, listed, of_key
from tests.support.ops.stubs import AT, Stubs, entry, page


def test_versions_and_delete_markers_of_all_pages_ascend_by_key(aws: Stubs) -> None:
    aws.expect(
        "s3",
        "list_object_versions",
        page(
            [entry("incoming/a", "1"), entry("incoming/c", "3")],
            [entry("incoming/b", "2", size=None), entry("incoming/c", "4", size=None)],
            more=True,
        ),
    )
    aws.expect("s3", "list_object_versions", page([entry("incoming/ä", "5")], []))
    found = list(listed(aws.client("s3"), "landing", "incoming/"))
    assert [version.key for version in found] == [f"incoming/{name}" for name in "abccä"]
    assert [version.is_delete_marker for version in found] == [False, True, False, True, False]


def test_only_the_versions_of_the_key_are_returned_the_newest_first(aws: Stubs) -> None:
    versions = [entry("incoming/a", "1", latest=False), entry("incoming/a-b", "9")]
    aws.expect("s3", "list_object_versions", page(versions, [entry("incoming/a", "2", size=None)]))
    assert [version.version_id for version in of_key(aws.client("s3"), "landing", "incoming/a")] == ["2", "1"]


def test_the_ingestion_function_reads_the_message_of_a_version() -> None:
    version = Version(key="incoming/ä\"'\n.csv", version_id="v", at=AT, size=0, is_latest=True)
    event = parse(version.message("landing", "Reconcile"))
    assert (event.type, event.key, event.version_id) == (EventType.CREATED, version.key, "v")
    assert (event.bucket, event.size_bytes, event.uploaded_at, event.sequencer) == ("landing", 0, AT, None)
    assert "\n" not in version.message("landing", "Reconcile")  # one line a message in reconcile's file


def test_the_message_of_a_delete_marker_names_the_command_that_sends_it() -> None:
    marker = Version(key="incoming/a", version_id="m", at=AT, size=None, is_latest=True)
    message = json.loads(marker.message("landing", "Reconcile"))
    assert parse(json.dumps(message)).type is EventType.DELETE_MARKER_CREATED
    assert (message["source"], message["detail"]["reason"]) == ("ops", "Reconcile")
