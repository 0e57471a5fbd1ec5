"""Configuration of the budget and of the detection of unusual costs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.capability import Capability
from config.checks import ConfigSection, require

if TYPE_CHECKING:
    from config.model import Environment

MAX_ALERTS = 5  # of a budget (AWS Budgets API Reference, "CreateBudget")
# Where CloudFormation has no AWS::Budgets::Budget, and no AWS::CE::AnomalyMonitor; a test compares them with cfn-lint's
# data.
WITHOUT_ANOMALIES = frozenset(
    {
        *("ap-east-2", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "mx-central-1"),
        *("us-gov-east-1", "us-gov-west-1"),
    }
)
WITHOUT_BUDGETS = WITHOUT_ANOMALIES | {
    *("af-south-1", "ap-east-1", "ap-northeast-3", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ca-west-1"),
    *("eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "il-central-1", "me-central-1"),
}


@dataclass(frozen=True, kw_only=True)
class MonthlyBudget(ConfigSection):
    """A limit of `usd` for the whole account's costs in a calendar month.

    There is an alert at each of `alert_percent` of the limit, and another one if AWS forecasts that the month will pass
    the limit. AWS updates costs a few times a day, so an alert may be half a day late.
    """

    PATH = "cost_guard.budget."

    usd: int
    alert_percent: tuple[int, ...] = (50, 80, 100)

    def check(self) -> None:
        self.require_at_least("usd", 1, "AWS refuses a budget of nothing; `make cost` estimates what to expect")
        self.require(
            1 <= len(self.alert_percent) < MAX_ALERTS and len(set(self.alert_percent)) == len(self.alert_percent),
            "alert_percent",
            f"1 to {MAX_ALERTS - 1} different numbers",
            f"AWS accepts {MAX_ALERTS} different alerts, and one of them is the forecast",
        )
        self.require(
            all(1 <= percent <= 1000 for percent in self.alert_percent),
            "alert_percent",
            "1 to 1,000 each",
            "they are parts of cost_guard.budget.usd",
        )


@dataclass(frozen=True)
class ServicesMonitor:
    """A new monitor of all AWS services of the account, which may have one only.

    AWS has already created one, `Default-Services-Monitor`, in most accounts. There CloudFormation fails with "Limit
    exceeded on dimensional spend monitor creation" or "AlreadyExists": use `ExistingMonitor`.
    """


@dataclass(frozen=True, kw_only=True)
class ExistingMonitor(ConfigSection):
    """The account's own monitor. `aws ce get-anomaly-monitors` shows its ARN."""

    PATH = "cost_guard.anomalies.monitor."

    arn: str

    def check(self) -> None:
        self.require(
            re.fullmatch(r"arn:aws[a-z-]*:ce::\d{12}:anomalymonitor/[\w-]+", self.arn) is not None,
            "arn",
            "like arn:aws:ce::111122223333:anomalymonitor/1a2b3c4d-...",
            "`aws ce get-anomaly-monitors` shows it",
        )


@dataclass(frozen=True, kw_only=True)
class Anomalies(ConfigSection):
    """Alerts about unusual costs that add up to `impact_usd` or more."""

    PATH = "cost_guard.anomalies."

    monitor: ServicesMonitor | ExistingMonitor
    impact_usd: int

    def check(self) -> None:
        self.require_at_least("impact_usd", 1, "a lower threshold would alert about every deviation")


@dataclass(frozen=True, kw_only=True)
class CostGuardConfig(Capability):
    """Alerts about the account's costs, by a budget, by the detection of anomalies, or both.

    No shipped environment has it: only a team knows its limit, whether its account has a monitor already, and who
    reads the alerts.
    """

    PATH = "cost_guard."

    budget: MonthlyBudget | None = None
    anomalies: Anomalies | None = None

    def check(self) -> None:
        self.require(
            self.budget is not None or self.anomalies is not None,
            "budget",
            "set, unless cost_guard.anomalies is",
            "set one of them, or cost_guard=None",
        )

    def temporary(self) -> None:
        """None: it looks at the whole account, so a copy would alert about the same costs."""
        return

    def check_environment(self, environment: Environment) -> None:
        region = environment.region or ""
        require(
            self.budget is None or not (region in WITHOUT_BUDGETS or region.startswith("cn-")),
            "cost_guard.budget",
            f"None in {region}",
            self.budget,
            "CloudFormation has no budgets in this region, or AWS bills it in another currency; use anomalies alone",
        )
        require(
            self.anomalies is None or not (region in WITHOUT_ANOMALIES or region.startswith("cn-")),
            "cost_guard.anomalies",
            f"None in {region}",
            self.anomalies,
            "CloudFormation has no detection of anomalies in this region, or AWS bills it in another currency",
        )
