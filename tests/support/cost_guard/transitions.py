"""Changes of the values of this capability."""

from collections.abc import Mapping
from typing import Any

from config.cost_guard import Anomalies, CostGuardConfig, ExistingMonitor, MonthlyBudget, ServicesMonitor
from tests.support.transitions import Transition

MONITOR = ExistingMonitor(arn="arn:aws:ce::111122223333:anomalymonitor/1a2b3c4d-0000-0000-0000-000000000000")
OTHER = ExistingMonitor(arn="arn:aws:ce::111122223333:anomalymonitor/5e6f7a8b-0000-0000-0000-000000000000")
BOTH = CostGuardConfig(budget=MonthlyBudget(usd=500), anomalies=Anomalies(monitor=ServicesMonitor(), impact_usd=50))
ON: Mapping[str, Any] = {"cost_guard": BOTH}
TRANSITIONS = (
    Transition(value="cost_guard", to=BOTH),
    Transition(value="cost_guard", to=None, before=ON),
    Transition(value="cost_guard.budget", to=None, before=ON),
    Transition(value="cost_guard.budget.usd", to=800, before=ON),
    Transition(value="cost_guard.budget.alert_percent", to=(80,), before=ON),
    Transition(value="cost_guard.anomalies", to=None, before=ON),
    Transition(value="cost_guard.anomalies.monitor", to=MONITOR, before=ON),
    Transition(
        value="cost_guard.anomalies.monitor.arn", to=OTHER.arn, before={**ON, "cost_guard.anomalies.monitor": MONITOR}
    ),
    Transition(value="cost_guard.anomalies.impact_usd", to=100, before=ON),
)
