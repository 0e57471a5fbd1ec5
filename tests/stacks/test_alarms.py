"""What every alarm of every stack promises: it says something soon, and says nothing while nothing is wrong."""

from typing import Any

import pytest

from tests.support.databases import VARIANTS
from tests.support.promises import has
from tests.support.synthesis import synthesize
from tests.support.variants import EVERY

HOUR = 3600
# Each event is one data point of 1, so that only their sum says how many there were: their average is always 1, and
# their minimum too (Amazon CloudWatch User Guide, "Statistics definitions"; the services' own pages on metrics).
COUNTED = {
    *("HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"),
    *("Errors", "AsyncEventsDropped", "InvocationDroppedCount", "FilesRefused"),
}
BLUNT = {"Sum", "SampleCount"}  # of a level they say how often it was measured


@pytest.fixture(params=EVERY | VARIANTS)
def alarms(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """Every alarm of an environment or a variant, by stack and logical id."""
    everything = synthesize((EVERY | VARIANTS)[request.param]).everything().items()
    return {id_: one["Properties"] for id_, one in everything if one["Type"] == "AWS::CloudWatch::Alarm"}


def test_silence_is_no_alarm(alarms: dict[str, dict[str, Any]]) -> None:
    """At night nobody comes and no file lands, and a metric that has nothing to say says nothing."""
    assert len(alarms) > 12
    for id_, alarm in alarms.items():
        has(id_, alarm, {"TreatMissingData": "notBreaching"})


def test_an_alarm_speaks_within_the_hour(alarms: dict[str, dict[str, Any]]) -> None:
    for id_, alarm in alarms.items():
        needed = int(alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]))
        waits = alarm["Period"] * needed
        assert waits <= HOUR, f"{id_}: Period {alarm['Period']} s, {needed} times: it speaks after {waits} s"


def test_an_alarm_counts_what_happens_and_takes_the_worst_of_what_is(alarms: dict[str, dict[str, Any]]) -> None:
    for id_, alarm in alarms.items():
        statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
        if alarm["MetricName"] in COUNTED:
            has(id_, {"Statistic": statistic}, {"Statistic": "Sum"})
            continue
        best = "Minimum" if alarm["ComparisonOperator"].startswith("Greater") else "Maximum"
        assert statistic not in BLUNT | {best}, f"{id_}: the Statistic {statistic} of {alarm['MetricName']} hides it"
