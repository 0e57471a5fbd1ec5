"""Calls that prove the permissions of this capability's roles."""

from collections.abc import Mapping

from tests.support.privileges.calls import Call, named
from tests.support.privileges.scenarios import Scenario

CALLS: Mapping[tuple[str, str], Call] = {
    ("HousekeepingScheduler", "lambda:InvokeFunction"): Call(
        make=lambda who, name: who.client("lambda").invoke(FunctionName=name, InvocationType="DryRun"),
        own=named("HousekeepingFunction"),
        beyond=(named("IngestionFunction"), named("SchemaMigrationFunction")),
    ),
}
SCENARIOS: Mapping[tuple[str, str], tuple[Scenario, str]] = {}
