"""A command that restores a bucket's setting has only known values; otherwise the problem says where the values are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ops.environment import bucket_checks
from tests.support.ops.environment import deployed_stack, resource
from tests.support.ops.fake_dev import FakeDev
from tests.support.ops.stubs import Stubs

KEY = "arn:aws:kms:eu-central-1:111122223333:key/1"


def _encryption(key: Any) -> dict[str, Any]:
    rule = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    return {"BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}}


def _policy(key: Any) -> dict[str, Any]:
    return {"Bucket": "thing", "PolicyDocument": {"Statement": [{"Resource": key}]}}


# The resource, its properties with that key, the call that reads them, and the code of an answer without them.
_Case = tuple[str, Callable[[Any], dict[str, Any]], str, str]
ENCRYPTION: _Case = (
    "AWS::S3::Bucket",
    _encryption,
    "get_bucket_encryption",
    "ServerSideEncryptionConfigurationNotFoundError",
)
POLICY: _Case = ("AWS::S3::BucketPolicy", _policy, "get_bucket_policy", "NoSuchBucketPolicy")


def _problem(aws: Stubs, dev: FakeDev, case: _Case, key: Any) -> str:
    type_, properties, call, code = case
    dev.existing = [deployed_stack("data", resource(type_, properties(key)))]
    aws.refuse("s3", call, code)
    check = (
        bucket_checks.bucket_policies_match_templates
        if case is POLICY
        else bucket_checks.buckets_are_private_encrypted_and_versioned
    )
    (problem,) = check(aws.environment())
    return problem


@pytest.mark.parametrize("case", [ENCRYPTION, POLICY])
def test_the_command_has_the_templates_values(aws: Stubs, dev: FakeDev, case: _Case) -> None:
    problem = _problem(aws, dev, case, KEY)
    assert "doesn't match the template: `aws s3api put-bucket-" in problem
    assert json.dumps(KEY) in problem


@pytest.mark.parametrize("case", [ENCRYPTION, POLICY])
def test_no_command_has_a_value_that_cannot_be_known(aws: Stubs, dev: FakeDev, case: _Case) -> None:
    problem = _problem(aws, dev, case, {"Fn::GetAtt": ["Other", "Arn"]})
    assert problem.endswith("doesn't match the template: resource Thing in the template of data has the right one")
