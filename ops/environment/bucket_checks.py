"""Checks that buckets are as their templates say."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from ops.common.environment import DeployedEnvironment
from ops.environment import deployed
from ops.environment.expected import is_known, matches
from ops.environment.stacks import DeployedResource, DeployedStack


def buckets_are_private_encrypted_and_versioned(environment: DeployedEnvironment) -> Iterator[str]:
    """The public access block, the encryption and the versioning of each bucket match the template."""
    s3 = deployed.client(environment, "s3")
    for stack, resource in deployed.resources(environment, "AWS::S3::Bucket"):
        expected, bucket = deployed.expected(environment, stack, resource), resource.physical_id
        if (blocked := expected.get("PublicAccessBlockConfiguration")) and not matches(blocked, _blocked(s3, bucket)):
            settings = ",".join(f"{name}={str(value).lower()}" for name, value in blocked.items())
            command = (
                f"put-public-access-block --bucket {bucket} --public-access-block-configuration {shlex.quote(settings)}"
            )
            yield f"the public access block of {bucket} {_differs(stack, resource, blocked, command)}"
        if (rules := _encryption_rules(expected)) and not matches(rules, _encryption(s3, bucket)):
            configuration = _quoted({"Rules": rules})
            command = f"put-bucket-encryption --bucket {bucket} --server-side-encryption-configuration {configuration}"
            yield f"the encryption of {bucket} {_differs(stack, resource, rules, command)}"
        if (versioning := expected.get("VersioningConfiguration")) and not matches(
            versioning["Status"], s3.get_bucket_versioning(Bucket=bucket).get("Status")
        ):
            status = versioning["Status"]
            command = f"put-bucket-versioning --bucket {bucket} --versioning-configuration Status={status}"
            yield f"the versioning of {bucket} {_differs(stack, resource, status, command)}"


def _differs(stack: DeployedStack, resource: DeployedResource, expected: object, command: str) -> str:
    """The command that restores what the template says, or where the template says it, if a part can't be known."""
    if is_known(expected):
        return f"doesn't match the template: `aws s3api {command}`"
    return (
        f"doesn't match the template: resource {resource.logical_id} in the template of {stack.name} has the right one"
    )


def _blocked(s3: Any, bucket: str) -> Mapping[str, bool]:
    try:
        answer: Mapping[str, bool] = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchPublicAccessBlockConfiguration":
            raise
        return {}
    return answer


def _encryption_rules(expected: Mapping[str, Any]) -> list[dict[str, Any]]:
    """In the API's words, without what a rule doesn't say."""
    rules = expected.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    return [
        {
            "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
            "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
        }
        for rule in rules
    ]


def _encryption(s3: Any, bucket: str) -> list[dict[str, Any]]:
    """S3 also answers with what newer rules may say, such as encryption types that are blocked."""
    try:
        answer = s3.get_bucket_encryption(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ServerSideEncryptionConfigurationNotFoundError":
            raise
        return []
    return [
        {
            "ApplyServerSideEncryptionByDefault": rule.get("ApplyServerSideEncryptionByDefault", {}),
            "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
        }
        for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]
    ]


def bucket_policies_match_templates(environment: DeployedEnvironment) -> Iterator[str]:
    """Bucket policies match their templates. AWS may overwrite the policy of a bucket to which AWS delivers logs.

    Source: Amazon VPC User Guide, "Publish flow logs to Amazon S3".
    """
    s3 = deployed.client(environment, "s3")
    for stack, resource in deployed.resources(environment, "AWS::S3::BucketPolicy"):
        expected = deployed.expected(environment, stack, resource)
        bucket, policy = expected["Bucket"], expected["PolicyDocument"]
        try:
            found = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                raise
            found = {}
        # S3 may add an Id, which has no effect.
        if not matches(policy["Statement"], found.get("Statement", [])):
            command = f"put-bucket-policy --bucket {bucket} --policy {_quoted(policy)}"
            yield f"the policy of {bucket} {_differs(stack, resource, policy, command)}"


def _quoted(document: object) -> str:
    return shlex.quote(json.dumps(document, ensure_ascii=False))
