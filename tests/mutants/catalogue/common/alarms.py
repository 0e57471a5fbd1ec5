"""Actions, links and missing data of every alarm."""

from tests.mutants.mutant import Mutant

ALARMS = "tests/stacks/test_alarms.py"
INGESTION = "tests/stacks/ingestion/test_ingestion.py"
RUNBOOK = "tests/architecture/test_runbook.py"

MUTANTS = (
    Mutant(
        name="alarms start only after a hundred failures",
        file="components/common/alarm.py",
        old="threshold: float = 0",
        new="threshold: float = 100",
        test=f"{INGESTION}::test_the_first_failed_file_starts_an_alarm[prod]",
        says="Threshold",
    ),
    Mutant(
        name="alarms have no action when they start",
        file="components/common/alarm.py",
        old="        self.add_alarm_action(alerts.action)\n",
        new="",
        test=f"{ALARMS}::test_the_start_and_the_end_of_every_alarm_are_reported[prod]",
        says="AlarmActions",
    ),
    Mutant(
        name="alarms have no action when they end",
        file="components/common/alarm.py",
        old="        self.add_ok_action(alerts.action)\n",
        new="",
        test=f"{ALARMS}::test_the_start_and_the_end_of_every_alarm_are_reported[prod]",
        says="OKActions",
    ),
    Mutant(
        name="alarms do not link to their section of the runbook",
        file="components/common/alarm.py",
        old="{capability}.md#{id_.lower()}",
        new="{capability}.md",
        test=f"{RUNBOOK}::test_the_text_of_an_alarm_ends_with_the_address_of_its_section[prod]",
        says="DeadLetterMessages",
    ),
    Mutant(
        name="missing data starts alarms",
        file="components/common/alarm.py",
        old="= cloudwatch.TreatMissingData.NOT_BREACHING",
        new="= cloudwatch.TreatMissingData.BREACHING",
        test=f"{ALARMS}::test_missing_data_starts_no_alarm[prod]",
        says="TreatMissingData",
    ),
)
