"""Values that AWS Budgets or Cost Anomaly Detection would refuse, and regions without them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cfnlint
import pytest

from config.checks import ConfigError
from config.cost_guard import (
    WITHOUT_ANOMALIES,
    WITHOUT_BUDGETS,
    Anomalies,
    CostGuardConfig,
    ExistingMonitor,
    MonthlyBudget,
    ServicesMonitor,
)
from config.environments import ENVIRONMENTS, PROD
from config.regions import KNOWN_REGIONS
from config.temporary import copy_of

BUDGET = MonthlyBudget(usd=100)
ANOMALIES = Anomalies(monitor=ServicesMonitor(), impact_usd=50)
PROVIDERS = Path(cfnlint.__file__).parent / "data/schemas/providers"

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "nothing": (CostGuardConfig, "cost_guard.budget must be set, unless cost_guard.anomalies is, got None"),
    "no limit": (lambda: MonthlyBudget(usd=0), "cost_guard.budget.usd must be at least 1, got 0"),
    "no alert": (
        lambda: MonthlyBudget(usd=1, alert_percent=()),
        "cost_guard.budget.alert_percent must be 1 to 4 different numbers, got ()",
    ),
    "too many alerts": (
        lambda: MonthlyBudget(usd=1, alert_percent=(10, 20, 30, 40, 50)),
        "cost_guard.budget.alert_percent must be 1 to 4 different numbers, got (10, 20, 30, 40, 50)",
    ),
    "an alert twice": (
        lambda: MonthlyBudget(usd=1, alert_percent=(80, 80)),
        "cost_guard.budget.alert_percent must be 1 to 4 different numbers, got (80, 80)",
    ),
    "an alert at nothing": (
        lambda: MonthlyBudget(usd=1, alert_percent=(0,)),
        "cost_guard.budget.alert_percent must be 1 to 1,000 each, got (0,)",
    ),
    "no impact": (
        lambda: Anomalies(monitor=ServicesMonitor(), impact_usd=0),
        "cost_guard.anomalies.impact_usd must be at least 1, got 0",
    ),
    "no ARN of a monitor": (
        lambda: ExistingMonitor(arn="Default-Services-Monitor"),
        "cost_guard.anomalies.monitor.arn must be like arn:aws:ce::111122223333:anomalymonitor/1a2b3c4d-..., got ",
    ),
    "a budget where there is none": (
        lambda: replace(PROD, region="eu-north-1", cost_guard=CostGuardConfig(budget=BUDGET)),
        "cost_guard.budget must be None in eu-north-1, got ",
    ),
    "anomalies where there are none": (
        lambda: replace(PROD, region="us-gov-west-1", cost_guard=CostGuardConfig(anomalies=ANOMALIES)),
        "cost_guard.anomalies must be None in us-gov-west-1, got ",
    ),
    "dollars in China": (
        lambda: replace(PROD, region="cn-north-1", cost_guard=CostGuardConfig(budget=BUDGET)),
        "cost_guard.budget must be None in cn-north-1, got ",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_value_is_refused(case: str) -> None:
    make, message = REFUSED[case]
    with pytest.raises(ConfigError) as refused:
        make()
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("region", [None, "us-east-1", "eu-central-1", "ap-southeast-2"])
def test_both_can_be_had_in_most_regions(region: str | None) -> None:
    replace(PROD, region=region, cost_guard=CostGuardConfig(budget=BUDGET, anomalies=ANOMALIES))


def test_anomalies_alone_are_possible_where_there_are_no_budgets() -> None:
    replace(PROD, region="eu-north-1", cost_guard=CostGuardConfig(anomalies=ANOMALIES))


def test_the_regions_without_them_are_those_of_cfn_lint() -> None:
    kinds = {file.stem: json.loads(file.read_text()) for file in PROVIDERS.glob("*.json")}
    known = KNOWN_REGIONS & kinds.keys() | (WITHOUT_BUDGETS & kinds.keys())
    assert kinds.keys() >= WITHOUT_BUDGETS
    for type_, without in (
        ("AWS::Budgets::Budget", WITHOUT_BUDGETS),
        ("AWS::CE::AnomalyMonitor", WITHOUT_ANOMALIES),
        ("AWS::CE::AnomalySubscription", WITHOUT_ANOMALIES),
    ):
        assert {region for region in known if type_ not in kinds[region]} == without


def test_no_shipped_environment_has_it() -> None:
    """Only a team knows its limit, its account's monitor and its readers."""
    assert [name for name, environment in ENVIRONMENTS.items() if environment.cost_guard] == []


def test_a_temporary_copy_does_not_have_it() -> None:
    """It would alert about the same costs of the same account."""
    guarded = replace(PROD, cost_guard=CostGuardConfig(budget=BUDGET))
    assert copy_of(guarded, "pr-1").cost_guard is None
