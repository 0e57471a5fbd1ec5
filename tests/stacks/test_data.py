"""What the Data stack promises."""

import pytest

from tests.synthesis import Synthesized, shipped

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
