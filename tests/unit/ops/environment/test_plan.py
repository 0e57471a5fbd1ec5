"""The plan of a deployment compares what is deployed with what is synthesized."""

from __future__ import annotations

from typing import Any

import pytest

from ops.environment import plan, planned
from ops.environment.assembly import SynthesizedStack
from ops.environment.plan import make
from ops.environment.protections import LOAD_BALANCER
from tests.support.ops.environment import PROJECT, deployed_stack
from tests.support.ops.stubs import Stubs

DATA = f"{PROJECT}-prod-data"
PROTECTED: dict[str, Any] = {"LoadBalancerAttributes": [{"Key": "deletion_protection.enabled", "Value": "true"}]}
BALANCER: dict[str, Any] = {"Type": LOAD_BALANCER, "Properties": PROTECTED}
DATABASE: dict[str, Any] = {
    "Type": "AWS::RDS::DBInstance",
    "DeletionPolicy": "Delete",
    "Properties": {"DeletionProtection": True},
}
NOTHING = SynthesizedStack(template={"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})


def _refused(resource: dict[str, Any]) -> list[str]:
    found = make({DATA: NOTHING}, {DATA: deployed_stack(DATA, template={"Resources": {"It": resource}})})
    assert found
    return list(found.refused())


def test_a_protected_database_is_not_removed_but_a_load_balancer_is() -> None:
    (refused,) = _refused(DATABASE)
    assert refused.startswith(f"{DATA}/It: its deletion protection makes the deletion fail")
    assert _refused(BALANCER) == []


def test_what_only_the_account_decides_stops_no_deployment() -> None:
    addresses = {f"Address{number}": {"Type": "AWS::EC2::EIP"} for number in range(6)}
    found = make({DATA: SynthesizedStack(template={"Resources": addresses})}, {DATA: deployed_stack(DATA)})
    assert found
    assert found.report.effects
    assert list(found.refused()) == []


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_without_a_deployment_there_is_no_plan(status: str) -> None:
    assert make({DATA: NOTHING}, {}) is None
    assert make({DATA: NOTHING}, {DATA: deployed_stack(DATA, status=status)}) is None


def test_the_command_prints_the_plan_and_the_cost(
    aws: Stubs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(planned, "stacks", lambda _: {DATA: NOTHING})
    monkeypatch.setattr(plan, "existing_stacks", lambda _: [])
    assert plan.run(aws.environment()) == 0
    assert "Nothing is deployed yet" in capsys.readouterr().out
    monkeypatch.setattr(plan, "existing_stacks", lambda _: [deployed_stack(DATA, template={"Resources": {}})])
    assert plan.run(aws.environment()) == 0
    output = capsys.readouterr().out
    assert "  + Queue  AWS::SQS::Queue" in output
    assert "Cost of a month without load" in output
