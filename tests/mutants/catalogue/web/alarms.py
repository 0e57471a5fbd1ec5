"""Alarms of the web app."""

from tests.mutants.mutant import Mutant

ALARMS = "tests/stacks/test_alarms.py"
WEB_ALARMS = "tests/stacks/web/test_web_alarms.py"

MUTANTS = (
    Mutant(
        name="no alarms report failures of the web app",
        file="components/web/web.py",
        old="        self._alarms(alerts)\n",
        new="",
        test=f"{WEB_ALARMS}::test_alarms_report_errors_unhealthy_instances_and_slow_responses[prod]",
        says="HTTPCode_Target_5XX_Count",
    ),
    Mutant(
        name="the server error alarms start at 5,000 errors",
        file="components/web/web.py",
        old="FAILURES = 5",
        new="FAILURES = 5000",
        test=f"{WEB_ALARMS}::test_web_alarms_start_at_low_thresholds[prod]",
        says="HTTPCode_Target_5XX_Count",
    ),
    Mutant(
        name="the response time alarm starts at one minute",
        file="components/web/web.py",
        old="SLOW_SECONDS = 2",
        new="SLOW_SECONDS = 60",
        test=f"{WEB_ALARMS}::test_web_alarms_start_at_low_thresholds[prod]",
        says="TargetResponseTime",
    ),
    Mutant(
        name="missing data starts the response time alarm",
        file="components/web/web.py",
        old="threshold=SLOW_SECONDS,",
        new="treat_missing_data=cloudwatch.TreatMissingData.BREACHING,\n            threshold=SLOW_SECONDS,",
        test=f"{ALARMS}::test_missing_data_starts_no_alarm[prod]",
        says="TreatMissingData",
    ),
    Mutant(
        name="the target error alarm has a period of one day",
        file="components/web/web.py",
        old="elbv2.HttpCodeTarget.TARGET_5XX_COUNT, statistic=cloudwatch.Stats.SUM",
        new="elbv2.HttpCodeTarget.TARGET_5XX_COUNT, statistic=cloudwatch.Stats.SUM, period=Duration.days(1)",
        test=f"{ALARMS}::test_an_alarm_starts_within_the_hour[prod]",
        says="Target5xx",
    ),
    Mutant(
        name="the response time alarm starts after a day",
        file="components/web/web.py",
        old="evaluation_periods=3,",
        new="evaluation_periods=288,",
        test=f"{ALARMS}::test_an_alarm_starts_within_the_hour[prod]",
        says="TargetResponseTime",
    ),
    Mutant(
        name="the unhealthy hosts alarm starts after three hours",
        file="components/web/web.py",
        old="evaluation_periods=20,",
        new="evaluation_periods=200,",
        test=f"{ALARMS}::test_an_alarm_starts_within_the_hour[prod]",
        says="UnhealthyHosts",
    ),
    Mutant(
        name="the target error alarm uses the average",
        file="components/web/web.py",
        old="elbv2.HttpCodeTarget.TARGET_5XX_COUNT, statistic=cloudwatch.Stats.SUM",
        new="elbv2.HttpCodeTarget.TARGET_5XX_COUNT, statistic=cloudwatch.Stats.AVERAGE",
        test=f"{ALARMS}::test_every_alarm_uses_a_statistic_that_suits_its_metric[prod]",
        says="Target5xx",
    ),
    Mutant(
        name="the load balancer error alarm uses the average",
        file="components/web/web.py",
        old="elbv2.HttpCodeElb.ELB_5XX_COUNT, statistic=cloudwatch.Stats.SUM",
        new="elbv2.HttpCodeElb.ELB_5XX_COUNT, statistic=cloudwatch.Stats.AVERAGE",
        test=f"{ALARMS}::test_every_alarm_uses_a_statistic_that_suits_its_metric[prod]",
        says="LoadBalancer5xx",
    ),
    Mutant(
        name="the unhealthy hosts alarm uses the minimum",
        file="components/web/web.py",
        old="statistic=cloudwatch.Stats.MAXIMUM",
        new="statistic=cloudwatch.Stats.MINIMUM",
        test=f"{ALARMS}::test_every_alarm_uses_a_statistic_that_suits_its_metric[prod]",
        says="UnhealthyHosts",
    ),
)
