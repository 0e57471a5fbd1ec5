"""The contribution of housekeeping to the contract tests."""

from tests.support.contracts.runtimes import Contribution

CONTRIBUTION = Contribution(
    dimensions={("AWS/Scheduler", "ScheduleGroup"): frozenset({"AWS::Scheduler::ScheduleGroup"})}
)
