"""Alerts about the account's costs: a monthly budget, and the detection of unusual costs."""

import json

from aws_cdk import Aws, CfnResource
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_ce as ce
from constructs import Construct

from components.foundation.alerts import Alerts
from config.cost_guard import Anomalies, CostGuardConfig, ExistingMonitor, MonthlyBudget

_Notification = budgets.CfnBudget.NotificationWithSubscribersProperty


class CostGuard(Construct):
    """Sends alerts to the alerts topic, which is the only subscriber: e-mail addresses subscribe to the topic."""

    def __init__(self, scope: Construct, id_: str, *, config: CostGuardConfig, alerts: Alerts) -> None:
        super().__init__(scope, id_)
        self._topic_arn = alerts.topic.topic_arn
        if config.budget:
            alerts.allow_publisher("budgets.amazonaws.com")
            self._budget(config.budget)
        if config.anomalies:
            alerts.allow_publisher("costalerts.amazonaws.com")
            self._anomalies(config.anomalies)

    def _budget(self, config: MonthlyBudget) -> None:
        """Has no name: CloudFormation replaces a budget whose alerts change, and can't replace one with a fixed name.

        Credits, and what AWS pays back, don't count: they would hide what the account uses.
        """
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=config.usd, unit="USD"),
                cost_types=budgets.CfnBudget.CostTypesProperty(include_credit=False, include_refund=False),
            ),
            notifications_with_subscribers=[
                *(self._alert("ACTUAL", percent) for percent in config.alert_percent),
                self._alert("FORECASTED", 100),
            ],
        )

    def _alert(self, kind: str, percent: int) -> _Notification:
        return _Notification(
            notification=budgets.CfnBudget.NotificationProperty(
                notification_type=kind,
                comparison_operator="GREATER_THAN",
                threshold=percent,
                threshold_type="PERCENTAGE",
            ),
            subscribers=[budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=self._topic_arn)],
        )

    def _anomalies(self, config: Anomalies) -> None:
        """Sends each alert as soon as it is known: AWS sends summaries of a day or a week by e-mail only.

        With that frequency a subscription has one subscriber at most (Cost Explorer refuses more).
        """
        existing = config.monitor
        monitor_arn = existing.arn if isinstance(existing, ExistingMonitor) else self._monitor().attr_monitor_arn
        impact = {
            "Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
            "MatchOptions": ["GREATER_THAN_OR_EQUAL"],
            "Values": [str(config.impact_usd)],
        }
        subscription = ce.CfnAnomalySubscription(
            self,
            "Subscription",
            subscription_name=Aws.STACK_NAME,  # required too
            frequency="IMMEDIATE",
            monitor_arn_list=[monitor_arn],
            subscribers=[ce.CfnAnomalySubscription.SubscriberProperty(type="SNS", address=self._topic_arn)],
            threshold_expression=json.dumps({"Dimensions": impact}),
        )
        _remove_tags(subscription)

    def _monitor(self) -> ce.CfnAnomalyMonitor:
        monitor = ce.CfnAnomalyMonitor(
            self,
            "Monitor",
            monitor_name=Aws.STACK_NAME,  # CloudFormation requires a name
            monitor_type="DIMENSIONAL",
            monitor_dimension="SERVICE",
        )
        _remove_tags(monitor)
        return monitor


def _remove_tags(resource: CfnResource) -> None:
    """A changed tag would replace it, and an account can't have a second monitor meanwhile."""
    resource.add_property_deletion_override("ResourceTags")
