"""The custom resource empties the group, and CloudFormation gets a response whatever happens."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.cloudformation import CloudFormation, running

GROUP = "sg-0123"


class Ec2:
    """Fails each call with the code of `errors`, in their order; then succeeds."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.revoked: list[tuple[str, Any]] = []

    def _revoke(self, direction: str, arguments: dict[str, Any]) -> None:
        assert arguments["GroupId"] == GROUP
        self.revoked.append((direction, *arguments["IpPermissions"]))
        if self.errors:
            raise ClientError({"Error": {"Code": self.errors.pop(0), "Message": "no"}}, "RevokeSecurityGroup")

    def revoke_security_group_ingress(self, **arguments: Any) -> None:
        self._revoke("ingress", arguments)

    def revoke_security_group_egress(self, **arguments: Any) -> None:
        self._revoke("egress", arguments)


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    with running() as received:
        yield received


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch) -> Ec2:
    return Ec2()


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


def test_a_refused_call_fails_the_deployment_with_its_reason(
    handler: Any, ec2: Ec2, cloudformation: CloudFormation
) -> None:
    ec2.errors = ["UnauthorizedOperation"]
    handler(_request(cloudformation, "Create"), None)
    assert cloudformation.responses[0]["Status"] == "FAILED"
    assert "UnauthorizedOperation" in cloudformation.responses[0]["Reason"]


def test_delete_leaves_the_group_empty(handler: Any, ec2: Ec2, cloudformation: CloudFormation) -> None:
    handler(_request(cloudformation, "Delete"), None)
    assert ec2.revoked == []
    assert cloudformation.responses[0]["Status"] == "SUCCESS"
