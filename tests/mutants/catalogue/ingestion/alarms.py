"""Alarms of the ingestion."""

from tests.mutants.mutant import Mutant

ALARMS = "tests/stacks/test_alarms.py"
INGESTION = "tests/stacks/ingestion/test_ingestion.py"

MUTANTS = (
    Mutant(
        name="no alarm reports function errors or refused files",
        file="components/ingestion/ingestion.py",
        old="        self._alarms(config, metrics_namespace, alerts)\n",
        new="",
        test=f"{INGESTION}::test_alarms_report_files_that_fail_or_wait[prod]",
        says="Errors",
    ),
    Mutant(
        name="the dead-letter alarm watches the wrong queue",
        file="components/ingestion/ingestion.py",
        old="self.dead_letter_queue.metric_approximate_number_of_messages_visible",
        new="self.queue.metric_approximate_number_of_messages_visible",
        test=f"{INGESTION}::test_alarms_report_files_that_fail_or_wait[prod]",
        says="DeadLetterQueue",
    ),
    Mutant(
        name="missing data starts the function errors alarm",
        file="components/ingestion/ingestion.py",
        old="            metric=self.function.resource.metric_errors(),\n",
        new="            metric=self.function.resource.metric_errors(),\n"
        "            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,\n",
        test=f"{INGESTION}::test_alarms_report_files_that_fail_or_wait[prod]",
        says="TreatMissingData",
    ),
    Mutant(
        name="the queue age alarm has a period of six hours",
        file="components/ingestion/ingestion.py",
        old="metric_approximate_age_of_oldest_message(period=minute)",
        new="metric_approximate_age_of_oldest_message(period=Duration.hours(6))",
        test=f"{ALARMS}::test_an_alarm_starts_within_the_hour[prod]",
        says="OldestMessageAge",
    ),
    Mutant(
        name="the function errors alarm has a period of one day",
        file="components/ingestion/ingestion.py",
        old="metric_errors()",
        new="metric_errors(period=Duration.days(1))",
        test=f"{ALARMS}::test_an_alarm_starts_within_the_hour[prod]",
        says="FunctionErrors",
    ),
    Mutant(
        name="the refused files alarm uses the minimum",
        file="components/ingestion/ingestion.py",
        old='"service": SOURCE.name},\n                statistic=cloudwatch.Stats.SUM,\n',
        new='"service": SOURCE.name},\n                statistic=cloudwatch.Stats.MINIMUM,\n',
        test=f"{ALARMS}::test_every_alarm_uses_a_statistic_that_suits_its_metric[prod]",
        says="FilesRefused",
    ),
    Mutant(
        name="the undelivered events alarm uses the minimum",
        file="components/ingestion/ingestion.py",
        old="self.undelivered.metric_approximate_number_of_messages_visible(period=minute)",
        new='self.undelivered.metric_approximate_number_of_messages_visible(period=minute, statistic="Minimum")',
        test=f"{ALARMS}::test_every_alarm_uses_a_statistic_that_suits_its_metric[prod]",
        says="UndeliveredEvents",
    ),
)
