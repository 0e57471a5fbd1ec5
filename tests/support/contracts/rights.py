"""Helpers for rights in templates: notations, actions that AWS documents together, and keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.contracts.deployed import Deployed
    from tests.support.contracts.runtimes import Runtime

ANY = "*"
ARN = "arn:<Partition>:"
HERE = "<Region>:<AccountId>"
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
# The actions that a sender needs on the key of a queue or bucket. S3 stores its bucket key encrypted (Amazon SQS
# Developer Guide, "Key management"; Amazon S3 User Guide, "Reducing the cost of SSE-KMS").
ENCRYPT = {"kms:GenerateDataKey", "kms:Decrypt"}


def arn(reference: str) -> str:
    """The ARN of a resource that a variable names by its name or URL."""
    return reference.replace("}", ".Arn}")


def via(service: str) -> str:
    """The condition that a key is used through that service only."""
    return json.dumps({"StringEquals": {"kms:ViaService": f"{service}.<Region>.<URLSuffix>"}})


def landed_objects(runtime: Runtime) -> str:
    """The objects that land in the bucket."""
    return f"{arn(runtime.variables['LANDING_BUCKET'])}/{runtime.variables['INCOMING_PREFIX']}*"


def key_of_bucket(platform: Deployed, runtime: Runtime) -> str:
    """The key of the landing bucket."""
    bucket = runtime.variables["LANDING_BUCKET"]
    (rule,) = platform.find(bucket)[1]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    return platform.text(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"], platform.place(bucket).stack)


def key_of_queue(platform: Deployed, queue: str) -> str:
    """The key of a queue."""
    return platform.text(platform.find(queue)[1]["KmsMasterKeyId"], platform.place(queue).stack)
