"""What every alarm promises: it starts soon, people hear of it, and it does not start while nothing is wrong."""

from typing import Any

import pytest

from tests.support.databases import VARIANTS
from tests.support.promises import has, mentions
from tests.support.synthesis import synthesize
from tests.support.variants import EVERY

HOUR = 3600
# Each event is one data point of 1, so only their sum says how many there were: their average is always 1, and so is
# their minimum (Amazon CloudWatch User Guide, "Statistics definitions"; the services' own pages on metrics).
COUNTED = {
    *("HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"),
    *("Errors", "AsyncEventsDropped", "InvocationDroppedCount", "FilesRefused"),
}
MEANINGLESS = {"Sum", "SampleCount"}  # of a level they say how often it was measured


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


def test_people_hear_when_an_alarm_starts_and_when_it_ends(alarms: dict[str, dict[str, Any]]) -> None:
    for id_, alarm in alarms.items():
        mentions(id_, alarm, {"AlarmActions": "AlertsTopic", "OKActions": "AlertsTopic"})


def test_an_alarm_starts_within_the_hour(alarms: dict[str, dict[str, Any]]) -> None:
    for id_, alarm in alarms.items():
        needed = int(alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]))
        seconds = alarm["Period"] * needed
        assert seconds <= HOUR, f"{id_}: Period {alarm['Period']} s, {needed} times: it starts after {seconds} s"


def test_an_alarm_counts_events_and_takes_the_worst_of_levels(alarms: dict[str, dict[str, Any]]) -> None:
    for id_, alarm in alarms.items():
        statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
        if alarm["MetricName"] in COUNTED:
            has(id_, {"Statistic": statistic}, {"Statistic": "Sum"})
            continue
        best = "Minimum" if alarm["ComparisonOperator"].startswith("Greater") else "Maximum"
        assert statistic not in MEANINGLESS | {best}, f"{id_}: the Statistic {statistic} of {alarm['MetricName']}"
