"""Templates are compared with what AWS answers: what can't be known matches anything, everything else itself only."""

from __future__ import annotations

from typing import Any

import pytest

from ops.environment.expected import UNKNOWN, DeployedValues, matches
from tests.support.ops.environment import deployed_stack, resource

FOUNDATION = deployed_stack("acme-dev-foundation", outputs={"Key": "arn:aws:kms:eu-central-1:111122223333:key/1"})
STACK = deployed_stack("acme-dev-data", resource("AWS::S3::Bucket"))


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ("text", "text"),
        ({"Ref": "Thing"}, "thing"),
        ({"Ref": "AWS::AccountId"}, "111122223333"),
        ({"Ref": "AWS::Region"}, "eu-central-1"),
        ({"Ref": "Nothing"}, UNKNOWN),
        ({"Fn::GetAtt": ["Thing", "Arn"]}, "arn:aws:s3:::thing"),
        ({"Fn::GetAtt": ["Thing", "DomainName"]}, UNKNOWN),
        ({"Fn::Join": ["", [{"Fn::GetAtt": ["Thing", "Arn"]}, "/*"]]}, "arn:aws:s3:::thing/*"),
        (
            {"Fn::GetStackOutput": {"StackName": "acme-dev-foundation", "OutputName": "Key"}},
            "arn:aws:kms:eu-central-1:111122223333:key/1",
        ),
        ({"Fn::GetStackOutput": {"StackName": "acme-dev-foundation", "OutputName": "Other"}}, UNKNOWN),
        ([{"Ref": "AWS::NoValue"}, 1], [1]),
        ({"A": {"Ref": "AWS::NoValue"}, "B": True}, {"B": True}),
    ],
)
def test_intrinsic_functions_are_resolved(written: Any, resolved: Any) -> None:
    assert DeployedValues(STACK, [FOUNDATION, STACK]).resolve(written) == resolved


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (["a"], "a"),
        (["a", "b"], ["b", "a"]),
        (1.2, "1.2"),
        (True, "true"),
        (f"arn:{UNKNOWN}:key/{UNKNOWN}", "arn:aws:kms:eu-central-1:1:key/2"),
        ({"Principal": {"AWS": "*"}}, {"Principal": {"AWS": "*"}}),
    ],
)
def test_what_means_the_same_matches(expected: Any, found: Any) -> None:
    assert matches(expected, found)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (["a"], ["a", "b"]),
        (["a", "b"], ["a"]),
        (["a", "a"], ["a", "b"]),
        ({"A": 1}, {"A": 1, "B": 2}),
        ({"A": 1}, "A"),
        ("a.c", "abc"),
        (True, "false"),
        (f"arn:{UNKNOWN}:key", "arn:aws:kms:other"),
    ],
)
def test_what_differs_does_not_match(expected: Any, found: Any) -> None:
    assert not matches(expected, found)
