"""Every alarm starts soon, is reported, and does not start while nothing is wrong."""

from typing import Any

import pytest

from tests.support.databases import VARIANTS
from tests.support.promises import has, mentions
from tests.support.synthesis import synthesize
from tests.support.variants import EVERY

HOUR = 3600
# Each event is one data point with the value 1, so only the sum says how many there were; the average and the minimum
# are always 1 (Amazon CloudWatch User Guide, "Statistics definitions"; the services' own pages on metrics).
COUNTED = {
    *("HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"),
    *("InvocationsFailedToBeSentToDlq", "Errors", "AsyncEventsDropped", "InvocationDroppedCount", "FilesRefused"),
}
MEANINGLESS = {"Sum", "SampleCount"}  # for a level such as CPU use: they depend on how often it is measured


@pytest.fixture(params=EVERY | VARIANTS)
def alarms(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """Every alarm of an environment or a variant, by stack and logical id."""
    everything = synthesize((EVERY | VARIANTS)[request.param]).everything().items()
    return {id_: one["Properties"] for id_, one in everything if one["Type"] == "AWS::CloudWatch::Alarm"}


def test_missing_data_starts_no_alarm(alarms: dict[str, dict[str, Any]]) -> None:
    """At night there are no visitors and no files, so many metrics have no data."""
    assert len(alarms) >= 8
    for id_, alarm in alarms.items():
        has(id_, alarm, {"TreatMissingData": "notBreaching"})


def test_the_start_and_the_end_of_every_alarm_are_reported(alarms: dict[str, dict[str, Any]]) -> None:
    for id_, alarm in alarms.items():
        mentions(id_, alarm, {"AlarmActions": "AlertsTopic", "OKActions": "AlertsTopic"})


def test_an_alarm_starts_within_the_hour(alarms: dict[str, dict[str, Any]]) -> None:
    for id_, alarm in alarms.items():
        needed = int(alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]))
        seconds = alarm["Period"] * needed
        assert seconds <= HOUR, f"{id_}: Period {alarm['Period']} s, {needed} times: it starts after {seconds} s"


def test_every_alarm_uses_a_statistic_that_suits_its_metric(alarms: dict[str, dict[str, Any]]) -> None:
    for id_, alarm in alarms.items():
        statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
        if alarm["MetricName"] in COUNTED:
            has(id_, {"Statistic": statistic}, {"Statistic": "Sum"})
            continue
        best = "Minimum" if alarm["ComparisonOperator"].startswith("Greater") else "Maximum"
        assert statistic not in MEANINGLESS | {best}, f"{id_}: the Statistic {statistic} of {alarm['MetricName']}"
