"""A quota is compared with what is used and what is needed."""

from __future__ import annotations

from typing import Any

import pytest

from ops.environment import quotas
from tests.support.ops.stubs import Stubs

VPCS: dict[str, Any] = {"service": "vpc", "code": "L-F678F1CE"}


@pytest.mark.parametrize(("used", "is_problem"), [(4, False), (5, True)])
def test_more_than_the_quota_is_a_problem_with_the_command_that_asks_for_more(
    aws: Stubs, used: int, is_problem: bool
) -> None:
    asked = {"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"}
    aws.expect("service-quotas", "get_service_quota", {"Quota": {"Value": 5.0}}, asked)
    problems = list(quotas.exceeded(aws.environment(), "VPCs", **VPCS, used=used, more=1))
    assert problems == (
        [
            "VPCs: the account uses 5, the deployment needs 1 more, and the quota is 5: `aws service-quotas "
            "request-service-quota-increase --service-code vpc --quota-code L-F678F1CE --desired-value 6`"
        ]
        if is_problem
        else []
    )


def test_a_quota_that_was_never_changed_is_awss_default(aws: Stubs) -> None:
    aws.refuse("service-quotas", "get_service_quota", "NoSuchResourceException")
    aws.expect("service-quotas", "get_aws_default_service_quota", {"Quota": {"Value": 5.0}})
    assert quotas.quota(aws.environment(), "vpc", "L-F678F1CE") == 5


def test_nothing_is_asked_if_nothing_is_needed(aws: Stubs) -> None:
    assert list(quotas.exceeded(aws.environment(), "VPCs", **VPCS, used=9, more=0)) == []
