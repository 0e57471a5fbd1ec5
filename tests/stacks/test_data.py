"""What the Data stack promises."""

from dataclasses import replace
from typing import Any

import pytest

from config.environments import DEV
from config.pipeline import IntelligentTiering
from tests.synthesis import Synthesized, shipped, synthesize

KEPT = "RetainExceptOnCreate"


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_what_holds_data_or_opens_it_outlives_its_stack(name: str) -> None:
    for type_ in ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Logs::LogGroup"):
        found = [resource for resource in shipped(name).everything().values() if resource["Type"] == type_]
        assert found
        assert {resource["DeletionPolicy"] for resource in found} == {KEPT}, type_


def test_dev_keeps_no_resource_when_its_stacks_go() -> None:
    kept = [id_ for id_, r in shipped("dev").everything().items() if r.get("DeletionPolicy", "Delete") != "Delete"]
    assert kept == []


def test_the_landing_bucket_keeps_every_version_encrypted_and_private(every_environment: Synthesized) -> None:
    bucket = every_environment.only("Data", "AWS::S3::Bucket")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["BucketKeyEnabled"] is True
    assert bucket["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert bucket["LoggingConfiguration"]["LogFilePrefix"].startswith("s3/")


def _lifecycle(synthesized: Synthesized) -> dict[str, Any]:
    (rule,) = synthesized.only("Data", "AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    return dict(rule)


def test_replaced_versions_and_unfinished_uploads_do_not_pile_up(every_environment: Synthesized) -> None:
    rule = _lifecycle(every_environment)
    assert rule["NoncurrentVersionExpiration"] == {
        "NoncurrentDays": every_environment.environment.landing.noncurrent_days
    }
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert rule["Status"] == "Enabled"
    assert "Prefix" not in rule
    assert "Filter" not in rule, "it holds for every file"


def test_files_age_through_the_classes_of_the_configuration() -> None:
    assert _lifecycle(shipped("prod"))["Transitions"] == [
        {"StorageClass": "STANDARD_IA", "TransitionInDays": 30},
        {"StorageClass": "GLACIER_IR", "TransitionInDays": 90},
        {"StorageClass": "DEEP_ARCHIVE", "TransitionInDays": 365},
    ]
    other = replace(DEV.landing, storage=(IntelligentTiering(after_days=0),), expire_days=400)
    rule = _lifecycle(synthesize(replace(DEV, landing=other)))
    assert rule["Transitions"] == [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 0}]
    assert rule["ExpirationInDays"] == 400


def test_no_file_is_deleted_that_nobody_asked_to_delete(every_environment: Synthesized) -> None:
    assert every_environment.environment.landing.expire_days is None
    assert "ExpirationInDays" not in _lifecycle(every_environment)


def test_the_landing_bucket_tells_eventbridge(every_environment: Synthesized) -> None:
    bucket = every_environment.only("Data", "AWS::S3::Bucket")
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_the_landing_bucket_refuses_plain_http(every_environment: Synthesized) -> None:
    statements = every_environment.only("Data", "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    assert any(
        statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        and statement["Action"] == "s3:*"
        and len(statement["Resource"]) == 2
        for statement in statements
    )
