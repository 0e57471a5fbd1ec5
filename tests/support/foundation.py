"""Helpers for tests of the Foundation stack's keys and log bucket."""

from typing import Any

from tests.support.synthesis import Synthesized

# A sender needs these permissions on the key of the queue or topic. Without them, messages are lost (Amazon SQS
# Developer Guide, "Key management"; Amazon SNS Developer Guide, "Managing encryption keys").
SENDER_ACTIONS = {"kms:Decrypt", "kms:GenerateDataKey"}


def key_policy(synthesized: Synthesized, id_: str) -> list[dict[str, Any]]:
    """The statements of the key's policy."""
    keys = synthesized.resources("Foundation", "AWS::KMS::Key").items()
    (key,) = (key for key_id, key in keys if key_id.startswith(id_))
    return list(key["Properties"]["KeyPolicy"]["Statement"])


def log_writers(synthesized: Synthesized) -> dict[str, str]:
    """Each service that may write to the log bucket, with the prefix that the service may write to."""
    statements = synthesized.only("Foundation", "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    return {
        statement["Principal"]["Service"]: synthesized.linked.text(statement["Resource"], "Foundation")
        for statement in statements
        if statement["Effect"] == "Allow" and statement["Action"] == "s3:PutObject"
    }


def publishers(synthesized: Synthesized) -> list[dict[str, Any]]:
    """The statements of the alerts topic's policy that allow somebody something."""
    statements = synthesized.only("Foundation", "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    return [statement for statement in statements if statement["Effect"] == "Allow"]
