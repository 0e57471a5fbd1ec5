"""Checks that the account takes the monitor of unusual costs."""

from __future__ import annotations

from collections.abc import Iterator

from ops.common.check import Check
from ops.common.environment import DeployedEnvironment
from ops.environment import planned
from ops.environment.deployed import client


def monitor_can_be_made(environment: DeployedEnvironment) -> Iterator[str]:
    """The account has no monitor of its services yet, because it can have only one, and AWS makes it in some accounts.

    Source: AWS Cost Management User Guide, "Quotas and restrictions".
    """
    if not any(monitor.is_new for monitor in planned.resources(environment, "AWS::CE::AnomalyMonitor")):
        return
    answer = client(environment, "ce").get_anomaly_monitors()
    for monitor in answer["AnomalyMonitors"]:
        if monitor.get("MonitorDimension") == "SERVICE":
            yield (
                f"the account already has the monitor {monitor['MonitorName']}, and can have only one: set "
                f"cost_guard.anomalies.monitor=ExistingMonitor(arn={monitor['MonitorArn']!r}) in config/environments.py"
            )


CHECKS = (Check(name="the account can have the monitor of unusual costs, if it is used", problems=monitor_can_be_made),)
