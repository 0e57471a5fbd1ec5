"""The custom resource empties the group, and CloudFormation gets a response whatever happens."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common import permissions
from common.permissions import LIMIT_SECONDS
from tests.support.clock import Clock
from tests.support.cloudformation import CloudFormation, running

GROUP = "sg-0123"


class Ec2:
    """Fails each call with the code of `errors`, in their order; then succeeds, unless a right is missing for good."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.denied = ""
        self.revoked: list[tuple[str, Any]] = []

    def _revoke(self, direction: str, arguments: dict[str, Any]) -> None:
        assert arguments["GroupId"] == GROUP
        self.revoked.append((direction, *arguments["IpPermissions"]))
        code = self.errors.pop(0) if self.errors else self.denied
        if code:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "RevokeSecurityGroup")

    def revoke_security_group_ingress(self, **arguments: Any) -> None:
        self._revoke("ingress", arguments)

    def revoke_security_group_egress(self, **arguments: Any) -> None:
        self._revoke("egress", arguments)


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    with running() as received:
        yield received


@pytest.fixture
def ec2() -> Ec2:
    return Ec2()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(permissions, "time", clock)
    return clock


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch, ec2: Ec2) -> Any:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    module: Any = importlib.import_module("default_security_group.handler")
    monkeypatch.setattr(module, "_ec2", ec2)
    return module.handler


def _request(cloudformation: CloudFormation, kind: str) -> dict[str, Any]:
    return cloudformation.request(kind, ResourceProperties={"GroupId": GROUP})


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_the_rules_that_aws_makes_are_revoked(
    handler: Any, ec2: Ec2, cloudformation: CloudFormation, kind: str
) -> None:
    handler(_request(cloudformation, kind), None)
    assert ec2.revoked == [
        ("ingress", {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": GROUP}]}),
        ("egress", {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}),
        ("egress", {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}),
    ]
    assert cloudformation.responses[0]["Status"] == "SUCCESS"


def test_a_rule_that_is_already_gone_is_no_error(handler: Any, ec2: Ec2, cloudformation: CloudFormation) -> None:
    ec2.errors = ["InvalidPermission.NotFound"] * 3
    handler(_request(cloudformation, "Create"), None)
    assert len(ec2.revoked) == 3
    assert cloudformation.responses[0]["Status"] == "SUCCESS"


def test_a_first_deployment_waits_until_iam_knows_the_new_role(
    handler: Any, ec2: Ec2, clock: Clock, cloudformation: CloudFormation
) -> None:
    ec2.errors = ["UnauthorizedOperation"] * 2
    handler(_request(cloudformation, "Create"), None)
    assert cloudformation.responses[0]["Status"] == "SUCCESS"
    assert [direction for direction, _ in ec2.revoked] == ["ingress", "ingress", "ingress", "egress", "egress"]
    assert clock.slept == [2, 4]


def test_a_missing_right_fails_the_deployment_with_its_reason(
    handler: Any, ec2: Ec2, clock: Clock, cloudformation: CloudFormation
) -> None:
    ec2.denied = "UnauthorizedOperation"
    handler(_request(cloudformation, "Create"), None)
    assert cloudformation.responses[0]["Status"] == "FAILED"
    assert "UnauthorizedOperation" in cloudformation.responses[0]["Reason"]
    assert clock.monotonic() <= LIMIT_SECONDS


def test_any_other_error_fails_the_deployment_at_once(
    handler: Any, ec2: Ec2, clock: Clock, cloudformation: CloudFormation
) -> None:
    ec2.errors = ["InvalidGroup.NotFound"]
    handler(_request(cloudformation, "Create"), None)
    assert cloudformation.responses[0]["Status"] == "FAILED"
    assert "InvalidGroup.NotFound" in cloudformation.responses[0]["Reason"]
    assert clock.slept == []


def test_delete_leaves_the_group_empty(handler: Any, ec2: Ec2, cloudformation: CloudFormation) -> None:
    handler(_request(cloudformation, "Delete"), None)
    assert ec2.revoked == []
    assert cloudformation.responses[0]["Status"] == "SUCCESS"
