"""Prod with alerts about costs, which no shipped environment has: only a team knows its limit."""

from dataclasses import replace

from config.cost_guard import Anomalies, CostGuardConfig, ExistingMonitor, MonthlyBudget, ServicesMonitor
from config.environments import PROD
from config.model import Environment

BUDGET = MonthlyBudget(usd=1200)
ANOMALIES = Anomalies(monitor=ServicesMonitor(), impact_usd=100)
GUARDED = replace(PROD, cost_guard=CostGuardConfig(budget=BUDGET, anomalies=ANOMALIES))
MONITOR_ARN = "arn:aws:ce::111122223333:anomalymonitor/0b1c2d3e-0000-4000-8000-0123456789ab"
VARIANTS: dict[str, Environment] = {}
UNUSUAL = {
    "cost guard": GUARDED,
    "cost guard, budget alone": replace(PROD, cost_guard=CostGuardConfig(budget=BUDGET)),
    "cost guard, an existing monitor alone": replace(
        PROD,
        cost_guard=CostGuardConfig(anomalies=Anomalies(monitor=ExistingMonitor(arn=MONITOR_ARN), impact_usd=50)),
    ),
}
