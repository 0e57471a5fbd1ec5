"""The text of an alarm, and when it starts."""

from typing import Any

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template

from components.common.alarm import RunbookAlarm
from components.foundation.alerts import Alerts


def _alarm(**properties: Any) -> dict[str, Any]:
    stack = Stack(App(), "Stack")
    texts = {"description": "The oven burns the bread.", "first_step": "Turn the oven off."}
    RunbookAlarm(
        stack,
        "OvenHeat",
        capability="bakery",
        metric=cloudwatch.Metric(namespace="Bakery", metric_name="Heat", period=Duration.minutes(2)),
        alerts=Alerts(stack, "Alerts", key=kms.Key(stack, "Key"), emails=()),
        **texts | properties,
    )
    (alarm,) = Template.from_stack(stack).find_resources("AWS::CloudWatch::Alarm").values()
    return dict(alarm["Properties"])


def test_its_text_says_what_happened_on_which_metric_and_what_to_do_first() -> None:
    text = _alarm(threshold=1500, comparison=">=", evaluation_periods=15)["AlarmDescription"]
    assert text == (
        "The oven burns the bread. Metric: Average Heat >= 1,500 for 30 minutes. First: Turn the oven off. "
        "Runbook: docs/runbook/bakery.md#ovenheat"
    )


@pytest.mark.parametrize(
    ("comparison", "operator"),
    [
        (">", "GreaterThanThreshold"),
        (">=", "GreaterThanOrEqualToThreshold"),
        ("<", "LessThanThreshold"),
    ],
)
def test_its_comparison_matches_its_text(comparison: str, operator: str) -> None:
    alarm = _alarm(comparison=comparison, threshold=7)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == (operator, 7)
    assert f"Heat {comparison} 7 for 2 minutes" in alarm["AlarmDescription"]


def test_anything_above_zero_triggers_it_unless_said_otherwise() -> None:
    alarm = _alarm()
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["EvaluationPeriods"] == 1


def test_missing_data_triggers_it_only_on_request() -> None:
    assert _alarm()["TreatMissingData"] == "notBreaching"
    assert _alarm(treat_missing_data=cloudwatch.TreatMissingData.BREACHING)["TreatMissingData"] == "breaching"


@pytest.mark.parametrize("name", ["description", "first_step"])
@pytest.mark.parametrize(
    "text", ["", "Oven.", "Too hot.", "the oven burns the bread.", "The oven burns the bread", "The oven  burns."]
)
def test_a_text_that_is_no_sentence_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} of the alarm OvenHeat must be a sentence.*, got {text!r}: "):
        _alarm(**{name: text})
