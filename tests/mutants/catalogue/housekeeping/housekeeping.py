"""Schedule, alarms and retention of the housekeeping."""

from tests.mutants.mutant import Mutant

ALARMS = "tests/stacks/test_alarms.py"
DEADLINES = "tests/architecture/contracts/test_deadlines.py"
HOUSEKEEPING = "tests/stacks/housekeeping/test_housekeeping.py"

MUTANTS = (
    Mutant(
        name="the schedule is disabled",
        file="components/housekeeping/housekeeping.py",
        old='"Deletes old rejected rows",\n            group_name=',
        new='"Deletes old rejected rows",\n            state="DISABLED",\n            group_name=',
        test=f"{HOUSEKEEPING}::test_old_rejects_are_removed_every_night[prod]",
        says="DISABLED",
    ),
    Mutant(
        name="any schedule of the account may use the scheduler's role",
        file="components/housekeeping/housekeeping.py",
        old='"aws:SourceAccount": Aws.ACCOUNT_ID, "aws:SourceArn": self.group.attr_arn}',
        new='"aws:SourceAccount": Aws.ACCOUNT_ID}',
        test=f"{HOUSEKEEPING}::"
        "test_the_scheduler_calls_as_a_role_that_serves_no_other_account_and_no_other_function[prod]",
        says="aws:SourceArn",
    ),
    Mutant(
        name="prod's rejected rows are deleted after one day",
        file="config/environments.py",
        old="reject_days=90",
        new="reject_days=1",
        test=f"{HOUSEKEEPING}::test_rejected_rows_can_be_looked_into_for_a_month_and_no_longer_than_a_year[prod]",
        says="REJECT_DAYS",
    ),
    Mutant(
        name="prod keeps rejected rows for ten years",
        file="config/environments.py",
        old="reject_days=90",
        new="reject_days=3650",
        test=f"{HOUSEKEEPING}::test_rejected_rows_can_be_looked_into_for_a_month_and_no_longer_than_a_year[prod]",
        says="REJECT_DAYS",
    ),
    Mutant(
        name="rejected rows are kept as long as the log",
        file="components/housekeeping/housekeeping.py",
        old="str(config.reject_days)",
        new="str(config.log_days)",
        test=f"{HOUSEKEEPING}::test_rejected_rows_are_kept_for_their_own_days",
        says="REJECT_DAYS",
    ),
    Mutant(
        name="the housekeeping function times out before its database statement",
        file="components/housekeeping/housekeeping.py",
        old="TIMEOUT = Duration.minutes(15)",
        new="TIMEOUT = Duration.minutes(1)",
        test=f"{DEADLINES}::test_functions_outlive_the_statements_that_their_roles_may_run[prod]",
        says="housekeeping",
    ),
    Mutant(
        name="old rejected rows may be removed at any hour of the day",
        file="components/housekeeping/housekeeping.py",
        old="SPREAD_MINUTES = 60",
        new="SPREAD_MINUTES = 1440",
        test=f"{HOUSEKEEPING}::test_old_rejects_are_removed_every_night[prod]",
        says="MaximumWindowInMinutes",
    ),
    Mutant(
        name="missing data starts the dropped invocations alarm",
        file="components/housekeeping/housekeeping.py",
        old='            description="EventBridge Scheduler could not',
        new="            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,\n"
        '            description="EventBridge Scheduler could not',
        test=f"{ALARMS}::test_missing_data_starts_no_alarm[prod]",
        says="TreatMissingData",
    ),
    Mutant(
        name="the dropped invocations alarm uses the minimum",
        file="components/housekeeping/housekeeping.py",
        old="                statistic=cloudwatch.Stats.SUM,\n",
        new="                statistic=cloudwatch.Stats.MINIMUM,\n",
        test=f"{ALARMS}::test_an_alarm_counts_events_and_takes_the_worst_of_levels[prod]",
        says="SchedulerInvocationsDropped",
    ),
    Mutant(
        name="the dropped invocations alarm starts after ten dropped runs",
        file="components/housekeeping/housekeeping.py",
        old='            description="EventBridge Scheduler could not',
        new='            threshold=10,\n            description="EventBridge Scheduler could not',
        test=f"{HOUSEKEEPING}::test_people_hear_when_a_nightly_run_is_dropped[prod]",
        says="Threshold",
    ),
)
