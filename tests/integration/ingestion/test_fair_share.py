"""A backlog of one dataset does not delay the files of the others."""

from __future__ import annotations

from config.environments import LOCAL
from local_cloud.cloud import LocalCloud
from ops.ingestion.deployed import DeployedIngestion
from tests.support.orders import Dropped, drop, eventually, query, wait_for

BACKLOG = 30  # files


def test_a_file_passes_the_backlog_of_another_dataset(local_cloud: LocalCloud, ingestion: DeployedIngestion) -> None:
    """Without message groups it would be the last of all files."""
    local_cloud.faults.pause_event_source()
    try:
        backlog = [drop(local_cloud) for _ in range(BACKLOG)]
        other = _drop_a_customer(ingestion)
        eventually(lambda: _waiting(ingestion) > BACKLOG, "the messages of all files")
    finally:
        local_cloud.faults.resume_event_source()
    for each in (*backlog, other):
        assert wait_for(local_cloud, each)["status"] == "loaded"
    (before,) = query(
        local_cloud,
        "SELECT count(*) AS files FROM files, files AS other"
        " WHERE files.version_id = ANY(%s) AND other.version_id = %s AND files.file_id < other.file_id",
        [each.version_id for each in backlog],
        other.version_id,
    )
    assert before["files"] <= LOCAL.ingestion.max_concurrency, f"{before['files']} files of the backlog came first"


def _drop_a_customer(ingestion: DeployedIngestion) -> Dropped:
    key = f"{ingestion.incoming_prefix}customers/tests/fair share.csv"
    body = b"email,name,country,newsletter,registered_at\nfair@example.com,Fair,DE,true,2026-05-04T10:00:00+02:00\n"
    put = ingestion.s3.put_object(Bucket=ingestion.landing_bucket, Key=key, Body=body)
    return Dropped(key=key, version_id=put["VersionId"], order_ids=[])


def _waiting(ingestion: DeployedIngestion) -> int:
    found = ingestion.sqs.get_queue_attributes(
        QueueUrl=ingestion.queue_url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(found["Attributes"]["ApproximateNumberOfMessages"])
