"""Adds a link to the runbook to every alarm."""

import re
from typing import Literal

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from components.foundation.alerts import Alerts

OPERATORS = {
    ">": cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    ">=": cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    "<": cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
}
SENTENCE = re.compile(r"[A-Z]\S*( \S+){2,}\.")


class RunbookAlarm(cloudwatch.Alarm):
    """Notifies the alerts topic when it goes to ALARM and when it returns to OK.

    The alarm's text says what happened (`description`), names the metric, and says what to do first (`first_step`). The
    text ends with the address of the alarm's section in the runbook, `docs/runbook/<capability>.md#<id>`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        capability: str,
        metric: cloudwatch.Metric,
        threshold: float = 0,
        comparison: Literal[">", ">=", "<"] = ">",
        evaluation_periods: int = 1,
        treat_missing_data: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
        description: str,
        first_step: str,
        alerts: Alerts,
    ) -> None:
        for name, text in {"description": description, "first_step": first_step}.items():
            if not SENTENCE.fullmatch(text):
                raise ValueError(
                    f"{name} of the alarm {id_} must be a sentence of three words or more that starts with a capital "
                    f"letter and ends with a full stop, got {text!r}: the on-call engineer reads this text first"
                )
        duration = Duration.seconds(metric.period.to_seconds() * evaluation_periods).to_human_string()
        condition = f"{metric.statistic} {metric.metric_name} {comparison} {threshold:,} for {duration}"
        super().__init__(
            scope,
            id_,
            metric=metric,
            comparison_operator=OPERATORS[comparison],
            threshold=threshold,
            evaluation_periods=evaluation_periods,
            treat_missing_data=treat_missing_data,
            alarm_description=f"{description} Metric: {condition}. First: {first_step} "
            f"Runbook: docs/runbook/{capability}.md#{id_.lower()}",
        )
        self.add_alarm_action(alerts.action)
        self.add_ok_action(alerts.action)
