"""The function that deletes old rejected rows."""

import json
from dataclasses import replace
from typing import Any

import pytest

from config.environments import PROD
from tests.support.promises import has, mentions, only_connects_as
from tests.support.synthesis import Synthesized, shipped, synthesize


def test_the_function_may_only_connect_to_the_database_as_its_own_role(every_environment: Synthesized) -> None:
    statements = every_environment.statements_of("Housekeeping", "HousekeepingFunction")
    only_connects_as("housekeeping", statements)


def test_its_log_is_kept_for_the_configured_days() -> None:
    config = PROD.housekeeping
    assert config
    different = synthesize(replace(PROD, housekeeping=replace(config, log_days=545)))
    has("the log", different.only("Housekeeping", "AWS::Logs::LogGroup"), {"RetentionInDays": 545})


def test_rejected_rows_are_kept_for_the_configured_days() -> None:
    config = PROD.housekeeping
    assert config
    different = synthesize(replace(PROD, housekeeping=replace(config, reject_days=545)))
    function = different.only("Housekeeping", "AWS::Lambda::Function")
    has("the function", function["Environment"]["Variables"], {"REJECT_DAYS": "545"})


def _caller(synthesized: Synthesized, type_: str) -> dict[str, Any]:
    found = synthesized.resources("Housekeeping", type_)
    return {id_: resource for id_, resource in found.items() if id_.startswith("HousekeepingSchedulerRole")}


def test_old_rejected_rows_are_deleted_every_night(every_environment: Synthesized) -> None:
    schedule = every_environment.only("Housekeeping", "AWS::Scheduler::Schedule")
    (function,) = every_environment.resources("Housekeeping", "AWS::Lambda::Function")
    assert schedule["ScheduleExpression"] == "cron(0 2 * * ? *)"
    spread = schedule["FlexibleTimeWindow"].get("MaximumWindowInMinutes", 0)
    assert spread <= 4 * 60, f"the schedule: MaximumWindowInMinutes is {spread}, must be 240 or less, to run at night"
    assert schedule["Target"]["Arn"] == {"Fn::GetAtt": [function, "Arn"]}
    state = schedule.get("State", "ENABLED")  # the default
    assert state == "ENABLED", f"the schedule is {state}"


def test_the_schedulers_role_is_limited_to_this_account_and_this_function(
    every_environment: Synthesized,
) -> None:
    (function,) = every_environment.resources("Housekeeping", "AWS::Lambda::Function")
    (group,) = every_environment.resources("Housekeeping", "AWS::Scheduler::ScheduleGroup")
    (role,) = _caller(every_environment, "AWS::IAM::Role").values()
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    ours = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}, "aws:SourceArn": {"Fn::GetAtt": [group, "Arn"]}}
    has("the scheduler's role", trust, {"Condition": {"StringEquals": ours}})
    (policy,) = _caller(every_environment, "AWS::IAM::ManagedPolicy").values()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == (
        "lambda:InvokeFunction",
        {"Fn::GetAtt": [function, "Arn"]},
    )


def test_a_dropped_nightly_run_starts_an_alarm(every_environment: Synthesized) -> None:
    alarms = every_environment.resources("Housekeeping", "AWS::CloudWatch::Alarm").values()
    assert {alarm["Properties"]["MetricName"] for alarm in alarms} == {"AsyncEventsDropped", "InvocationDroppedCount"}
    for alarm in alarms:
        mentions(alarm["Properties"]["MetricName"], alarm["Properties"], {"AlarmActions": "AlertsTopic"})
        at_the_first = {"Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"}
        has(alarm["Properties"]["MetricName"], alarm["Properties"], at_the_first)


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_rejected_rows_are_kept_for_a_month_to_a_year(name: str) -> None:
    """They contain what customers ordered, so they must not be kept for long."""
    kept = int(shipped(name).only("Housekeeping", "AWS::Lambda::Function")["Environment"]["Variables"]["REJECT_DAYS"])
    assert 30 <= kept <= 366, f"rejected rows of {name}: REJECT_DAYS is {kept}, must be 30 to 366"


@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1"])
def test_dropped_events_start_an_alarm_where_the_metric_exists(region: str) -> None:
    written = json.dumps(synthesize(replace(PROD, region=region)).templates["Housekeeping"])
    assert ("AsyncEventsDropped" in written) == (region != "cn-north-1")
