"""A monitor that the account can't have is found before a deployment."""

from __future__ import annotations

from typing import Any

import pytest

from ops.cost_guard.doctor import monitor_can_be_made
from tests.support.ops.environment import deployed_stack, resource
from tests.support.ops.fake_dev import FakeDev
from tests.support.ops.stubs import Stubs

MONITOR = "AWS::CE::AnomalyMonitor"
ARN = "arn:aws:ce::111122223333:anomalymonitor/1"


@pytest.mark.parametrize(
    ("monitor", "is_problem"),
    [
        ({"MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}, True),
        ({"MonitorType": "CUSTOM"}, False),
    ],
)
def test_a_second_monitor_of_the_accounts_services_is_a_problem(
    aws: Stubs, dev: FakeDev, monitor: dict[str, Any], is_problem: bool
) -> None:
    dev.add(MONITOR)
    found = {"AnomalyMonitors": [{"MonitorName": "Default-Services-Monitor", "MonitorArn": ARN, **monitor}]}
    aws.expect("ce", "get_anomaly_monitors", found)
    problems = list(monitor_can_be_made(aws.environment()))
    assert [f"ExistingMonitor(arn='{ARN}')" in problem for problem in problems] == [True] * is_problem


def test_our_own_monitor_is_no_problem(aws: Stubs, dev: FakeDev) -> None:
    dev.add(MONITOR)
    dev.existing = [deployed_stack("data", resource(MONITOR))]
    assert list(monitor_can_be_made(aws.environment())) == []
