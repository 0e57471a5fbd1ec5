"""The nightly removal of old rows."""

from tests.mutants.mutant import Mutant

ALARMS = "tests/stacks/test_alarms.py"
HOUSEKEEPING = "tests/stacks/housekeeping/test_housekeeping.py"

MUTANTS = (
    Mutant(
        name="a night without failures starts an alarm",
        file="components/housekeeping/housekeeping.py",
        old='            description="EventBridge Scheduler could not',
        new="            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,\n"
        '            description="EventBridge Scheduler could not',
        test=f"{ALARMS}::test_missing_data_starts_no_alarm[prod]",
        says="TreatMissingData",
    ),
    Mutant(
        name="a lost night counts by the calmest moment",
        file="components/housekeeping/housekeeping.py",
        old="                statistic=cloudwatch.Stats.SUM,\n",
        new="                statistic=cloudwatch.Stats.MINIMUM,\n",
        test=f"{ALARMS}::test_an_alarm_counts_events_and_takes_the_worst_of_levels[prod]",
        says="SchedulerInvocationsDropped",
    ),
    Mutant(
        name="ten nightly runs are dropped before anybody hears",
        file="components/housekeeping/housekeeping.py",
        old='            description="EventBridge Scheduler could not',
        new='            threshold=10,\n            description="EventBridge Scheduler could not',
        test=f"{HOUSEKEEPING}::test_people_hear_when_a_nightly_run_is_dropped[prod]",
        says="Threshold",
    ),
)
