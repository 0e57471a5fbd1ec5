"""Versions and delete markers come in S3's order, and become messages as EventBridge writes them."""

from __future__ import annotations

import json

from ingestion.event import Happened, parse
from ops.ingestion.versions import Version, listed, of_key
from tests.unit.ops.conftest import AT, Stubs, entry, page


def test_pages_of_versions_and_markers_come_as_one_ascending_stream(aws: Stubs) -> None:
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
    found = list(listed(aws.clients["s3"], "landing", "incoming/"))
    assert [version.key for version in found] == [f"incoming/{name}" for name in "abccä"]
    assert [version.is_marker for version in found] == [False, True, False, True, False]


def test_of_a_key_its_own_versions_alone_are_taken_the_newest_first(aws: Stubs) -> None:
    versions = [entry("incoming/a", "1", latest=False), entry("incoming/a-b", "9")]
    aws.expect("s3", "list_object_versions", page(versions, [entry("incoming/a", "2", size=None)]))
    assert [version.version_id for version in of_key(aws.clients["s3"], "landing", "incoming/a")] == ["2", "1"]


def test_the_message_of_a_version_is_an_event_that_the_intake_reads() -> None:
    version = Version(key="incoming/ä\"'\n.csv", version_id="v", at=AT, size=0, is_latest=True)
    event = parse(version.message("landing", "Reconcile"))
    assert (event.happened, event.key, event.version_id) == (Happened.CREATED, version.key, "v")
    assert (event.bucket, event.size_bytes, event.uploaded_at, event.sequencer) == ("landing", 0, AT, None)
    assert "\n" not in version.message("landing", "Reconcile")  # one line a message in reconcile's file


def test_the_message_of_a_delete_marker_is_one_too_and_says_who_made_it_up() -> None:
    marker = Version(key="incoming/a", version_id="m", at=AT, size=None, is_latest=True)
    message = json.loads(marker.message("landing", "Reconcile"))
    assert parse(json.dumps(message)).happened is Happened.MARKED_DELETED
    assert (message["source"], message["detail"]["reason"]) == ("shop.operations", "Reconcile")
