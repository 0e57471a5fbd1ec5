"""Finds the ingestion of a deployed environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.common.environment import DeployedEnvironment

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, kw_only=True)
class DeployedIngestion:
    """The landing bucket, the queues and the rules of one environment, and the clients that reach them."""

    environment: DeployedEnvironment
    landing_bucket: str
    incoming_prefix: str
    queue_url: str
    dead_letter_queue_url: str
    undelivered_queue_url: str
    rule_arns: list[str]
    archive_arn: str | None  # None if a fork has removed the archive
    s3: S3Client
    sqs: SQSClient
    events: EventBridgeClient


def find(environment: DeployedEnvironment) -> DeployedIngestion:
    """Reads the outputs of the stacks. Raises CommandError if one is missing."""
    data = environment.outputs("data")
    pipeline = environment.outputs("pipeline")
    return DeployedIngestion(
        environment=environment,
        landing_bucket=data["LandingBucketName"],
        incoming_prefix=data["IncomingPrefix"],
        queue_url=pipeline["QueueUrl"],
        dead_letter_queue_url=pipeline["DeadLetterQueueUrl"],
        undelivered_queue_url=pipeline["UndeliveredQueueUrl"],
        rule_arns=pipeline["RuleArns"].split(","),
        archive_arn=pipeline.get("ArchiveArn"),
        s3=environment.session.client("s3"),
        sqs=environment.session.client("sqs"),
        events=environment.session.client("events"),
    )
