"""What housekeeping adds for the contract tests."""

from tests.support.contracts.runtimes import Contribution

CONTRIBUTION = Contribution(
    dimensions={("AWS/Scheduler", "ScheduleGroup"): frozenset({"AWS::Scheduler::ScheduleGroup"})}
)
