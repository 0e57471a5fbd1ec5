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
        test=f"{HOUSEKEEPING}::test_old_rejected_rows_are_deleted_every_night[prod]",
        says="DISABLED",
    ),
    Mutant(
        name="any schedule of the account may use the scheduler's role",
        file="components/housekeeping/housekeeping.py",
        old='"aws:SourceAccount": Aws.ACCOUNT_ID, "aws:SourceArn": self.group.attr_arn}',
        new='"aws:SourceAccount": Aws.ACCOUNT_ID}',
        test=f"{HOUSEKEEPING}::test_the_schedulers_role_is_limited_to_this_account_and_this_function[prod]",
        says="aws:SourceArn",
    ),
    Mutant(
        name="prod's rejected rows are deleted after one day",
        file="config/environments.py",
        old="reject_days=90",
        new="reject_days=1",
        test=f"{HOUSEKEEPING}::test_rejected_rows_are_kept_for_a_month_to_a_year[prod]",
        says="REJECT_DAYS",
    ),
    Mutant(
        name="prod keeps rejected rows for ten years",
        file="config/environments.py",
        old="reject_days=90",
        new="reject_days=3650",
        test=f"{HOUSEKEEPING}::test_rejected_rows_are_kept_for_a_month_to_a_year[prod]",
        says="REJECT_DAYS",
    ),
    Mutant(
        name="rejected rows are kept as long as the log",
        file="components/housekeeping/housekeeping.py",
        old="str(config.reject_days)",
        new="str(config.log_days)",
        test=f"{HOUSEKEEPING}::test_rejected_rows_are_kept_for_the_configured_days",
        says="REJECT_DAYS",
    ),
    Mutant(
        name="the housekeeping function times out before its database statement",
        file="components/housekeeping/housekeeping.py",
        old="TIMEOUT = Duration.minutes(15)",
        new="TIMEOUT = Duration.minutes(1)",
        test=f"{DEADLINES}::test_functions_may_run_longer_than_the_statements_of_their_roles[prod]",
        says="housekeeping",
    ),
    Mutant(
        name="old rejected rows may be removed at any hour of the day",
        file="components/housekeeping/housekeeping.py",
        old="SPREAD_MINUTES = 60",
        new="SPREAD_MINUTES = 1440",
        test=f"{HOUSEKEEPING}::test_old_rejected_rows_are_deleted_every_night[prod]",
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
        test=f"{ALARMS}::test_every_alarm_uses_a_statistic_that_suits_its_metric[prod]",
        says="SchedulerInvocationsDropped",
    ),
    Mutant(
        name="the dropped invocations alarm starts after ten dropped runs",
        file="components/housekeeping/housekeeping.py",
        old='            description="EventBridge Scheduler could not',
        new='            threshold=10,\n            description="EventBridge Scheduler could not',
        test=f"{HOUSEKEEPING}::test_a_dropped_nightly_run_starts_an_alarm[prod]",
        says="Threshold",
    ),
)
