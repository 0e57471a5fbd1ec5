"""The Data stack."""

from dataclasses import replace
from typing import Any

import pytest

from config.datasets import datasets
from config.environments import DEV
from config.ingestion import IntelligentTiering
from tests.support.promises import has, mentions, refuses_plain_http
from tests.support.synthesis import Synthesized, shipped, synthesize

KEPT = "RetainExceptOnCreate"


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_buckets_keys_and_log_groups_are_retained_when_their_stack_is_deleted(name: str) -> None:
    for type_ in ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Logs::LogGroup"):
        found = {id_: resource for id_, resource in shipped(name).everything().items() if resource["Type"] == type_}
        assert found
        for id_, resource in found.items():
            has(f"{id_} ({type_})", resource, {"DeletionPolicy": KEPT})


def test_dev_retains_no_resource_when_its_stacks_are_deleted() -> None:
    kept = [id_ for id_, r in shipped("dev").everything().items() if r.get("DeletionPolicy", "Delete") != "Delete"]
    assert kept == []


def test_the_landing_bucket_is_versioned_encrypted_and_private(every_environment: Synthesized) -> None:
    bucket = every_environment.only("Data", "AWS::S3::Bucket")
    at = "the landing bucket"
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    has(at, rule["ServerSideEncryptionByDefault"], {"SSEAlgorithm": "aws:kms"})
    mentions(at, rule["ServerSideEncryptionByDefault"], {"KMSMasterKeyID": "KeysData"})
    has(at, rule, {"BucketKeyEnabled": True})
    blocked = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    has(at, bucket["PublicAccessBlockConfiguration"], dict.fromkeys(blocked, True))
    has(
        at,
        bucket,
        {
            "VersioningConfiguration": {"Status": "Enabled"},
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        },
    )
    assert bucket["LoggingConfiguration"]["LogFilePrefix"].startswith("s3/")


def _lifecycle(synthesized: Synthesized) -> dict[str, Any]:
    """The rule for the files of every dataset."""
    (rule,) = (each for each in _rules(synthesized) if "Prefix" not in each)
    return dict(rule)


def _rules(synthesized: Synthesized) -> list[dict[str, Any]]:
    rules = synthesized.only("Data", "AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    return [dict(rule) for rule in rules]


def test_replaced_versions_and_unfinished_uploads_expire(every_environment: Synthesized) -> None:
    rule = _lifecycle(every_environment)
    has(
        "the landing bucket's lifecycle",
        rule,
        {
            "NoncurrentVersionExpiration": {
                "NoncurrentDays": every_environment.environment.landing_bucket.noncurrent_days,
            },
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            "Status": "Enabled",
        },
    )
    assert "Prefix" not in rule
    assert "Filter" not in rule, "the rule must apply to every file"


def test_files_move_through_the_configured_storage_classes() -> None:
    assert _lifecycle(shipped("prod"))["Transitions"] == [
        {"StorageClass": "STANDARD_IA", "TransitionInDays": 30},
        {"StorageClass": "GLACIER_IR", "TransitionInDays": 90},
        {"StorageClass": "DEEP_ARCHIVE", "TransitionInDays": 365},
    ]
    other = replace(DEV.landing_bucket, storage=(IntelligentTiering(after_days=0),), expire_days=400)
    rule = _lifecycle(synthesize(replace(DEV, landing_bucket=other)))
    assert rule["Transitions"] == [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 0}]
    assert rule["ExpirationInDays"] == 400


def test_files_expire_only_if_configured(every_environment: Synthesized) -> None:
    assert every_environment.environment.landing_bucket.expire_days is None
    assert "ExpirationInDays" not in _lifecycle(every_environment)


def test_originals_expire_as_their_dataset_declares(every_environment: Synthesized) -> None:
    kept = every_environment.environment.landing_bucket.noncurrent_days
    for name, dataset in datasets().items():
        rules = [rule for rule in _rules(every_environment) if rule.get("Prefix") == f"incoming/{name}/"]
        days = dataset.originals_days
        expected = [(days, {"NoncurrentDays": min(days, kept)})] if days else []
        found = [(rule["ExpirationInDays"], rule["NoncurrentVersionExpiration"]) for rule in rules]
        assert found == expected, name
    assert any(dataset.originals_days for dataset in datasets().values())


def test_the_landing_bucket_sends_its_events_to_eventbridge(every_environment: Synthesized) -> None:
    bucket = every_environment.only("Data", "AWS::S3::Bucket")
    enabled = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    has("the landing bucket", bucket, {"NotificationConfiguration": enabled})


def test_the_landing_bucket_refuses_plain_http(every_environment: Synthesized) -> None:
    policies = every_environment.resources("Data", "AWS::S3::BucketPolicy").values()
    statements = [one for policy in policies for one in policy["Properties"]["PolicyDocument"]["Statement"]]
    refuses_plain_http("the landing bucket", statements)
    assert all(len(one["Resource"]) == 2 for one in statements if one["Effect"] == "Deny"), "the bucket and its files"
    oldest = [one["Condition"].get("NumericLessThan", {}).get("s3:TlsVersion") for one in statements]
    assert "1.2" in str(oldest), (
        f"the landing bucket must deny s3:TlsVersion below 1.2, and denies those below {oldest}"
    )
