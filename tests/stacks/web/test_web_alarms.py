"""The alarms of the web app."""

from tests.support.promises import has, mentions
from tests.support.synthesis import Synthesized

ALARM, GROUP = "AWS::CloudWatch::Alarm", "AWS::AutoScaling::AutoScalingGroup"


def test_alarms_report_errors_unhealthy_instances_and_slow_responses(every_environment: Synthesized) -> None:
    alarms = {
        alarm["Properties"]["MetricName"]: alarm["Properties"]
        for alarm in every_environment.resources("Web", ALARM).values()
    }
    assert set(alarms) == {
        "HTTPCode_Target_5XX_Count",
        "HTTPCode_ELB_5XX_Count",
        "UnHealthyHostCount",
        "TargetResponseTime",
    }
    assert alarms["TargetResponseTime"]["ExtendedStatistic"] == "p99"
    for alarm in alarms.values():
        mentions(alarm["MetricName"], alarm, {"AlarmActions": "AlertsTopic", "OKActions": "AlertsTopic"})
    unhealthy, group = alarms["UnHealthyHostCount"], every_environment.only("Web", GROUP)
    seconds = unhealthy["Period"] * unhealthy["EvaluationPeriods"]
    assert seconds > group["HealthCheckGracePeriod"], "the alarm would start while an instance boots"


def test_web_alarms_start_at_low_thresholds(every_environment: Synthesized) -> None:
    most = {
        "HTTPCode_Target_5XX_Count": 10,
        "HTTPCode_ELB_5XX_Count": 10,
        "UnHealthyHostCount": 1,
        "TargetResponseTime": 5,  # seconds
    }
    for resource in every_environment.resources("Web", ALARM).values():
        alarm = resource["Properties"]
        has(alarm["MetricName"], alarm, {"ComparisonOperator": "GreaterThanOrEqualToThreshold"})
        limit = most[alarm["MetricName"]]
        assert 0 < alarm["Threshold"] <= limit, (
            f"the alarm for {alarm['MetricName']} starts at {alarm['Threshold']}, must start at {limit} or less"
        )
