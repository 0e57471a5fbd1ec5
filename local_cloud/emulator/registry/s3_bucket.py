"""Buckets: the emulator's provisioner ignores encryption, lifecycle and tags, and deletes buckets that have objects."""

from __future__ import annotations

import contextlib
from typing import Any

from ..api import as_bool, chosen, client
from ..registration import Attributes, Completed, Properties


def _complete(physical_id: str, properties: Properties, attributes: Attributes) -> Attributes:
    encryption = [
        rule
        for rule in (properties.get("BucketEncryption") or {}).get("ServerSideEncryptionConfiguration") or []
        if not _asks_for_managed_key(rule)
    ]
    if encryption:
        client("s3").put_bucket_encryption(
            Bucket=physical_id,
            ServerSideEncryptionConfiguration={"Rules": [_encryption_rule(rule) for rule in encryption]},
        )
    rules = (properties.get("LifecycleConfiguration") or {}).get("Rules") or []
    if rules:
        client("s3").put_bucket_lifecycle_configuration(
            Bucket=physical_id, LifecycleConfiguration={"Rules": [_lifecycle_rule(rule) for rule in rules]}
        )
    if properties.get("Tags"):
        client("s3").put_bucket_tagging(Bucket=physical_id, Tagging={"TagSet": properties["Tags"]})
    return {}


def _asks_for_managed_key(rule: dict[str, Any]) -> bool:
    """Without a key id, S3 uses the key that AWS manages, which the emulator lacks."""
    default = rule["ServerSideEncryptionByDefault"]
    return bool(default["SSEAlgorithm"] == "aws:kms" and not default.get("KMSMasterKeyID"))


def _encryption_rule(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
        "BucketKeyEnabled": as_bool(rule.get("BucketKeyEnabled", False)),
    }


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if rule.get("Id"):
        made["ID"] = rule["Id"]
    if rule.get("ExpirationInDays"):
        made["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if rule.get(name):
            made[name] = {key: int(value) for key, value in rule[name].items()}
    for name, days in (("Transitions", "Days"), ("NoncurrentVersionTransitions", "NoncurrentDays")):
        transitions = [
            {days: int(each["TransitionInDays"]), **chosen(each, "StorageClass")}
            for each in rule.get(name) or []
            if each.get("TransitionInDays") is not None
        ]
        if transitions:
            made[name] = transitions
    return made


def _delete(physical_id: str, properties: Properties) -> None:
    with contextlib.suppress(client("s3").exceptions.NoSuchBucket):
        client("s3").delete_bucket(Bucket=physical_id)


RESOURCE = Completed(type="AWS::S3::Bucket", complete=_complete, delete=_delete)
