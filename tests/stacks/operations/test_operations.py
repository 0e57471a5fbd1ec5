"""What the functions for people and for the night promise."""

import json
from typing import Any

import pytest

from tests.support.promises import has, mentions
from tests.support.synthesis import Synthesized


def _resources(synthesized: Synthesized, component: str, type_: str) -> dict[str, Any]:
    found = synthesized.resources("Pipeline", type_)
    return {id_: resource for id_, resource in found.items() if id_.startswith(component)}


def _statements(synthesized: Synthesized, component: str) -> list[dict[str, Any]]:
    statements = synthesized.statements_of("Pipeline", f"{component}Function")
    return [each for each in statements if each["Effect"] == "Allow"]


@pytest.mark.parametrize("component", ["Operations", "Housekeeping"])
def test_each_may_connect_as_its_own_role_and_touch_nothing_else(
    every_environment: Synthesized, component: str
) -> None:
    statements = _statements(every_environment, component)
    (connect,) = (statement for statement in statements if statement["Action"] == "rds-db:connect")
    assert json.dumps(connect["Resource"]).count(f"/{component.lower()}") == 1
    services = {
        action.partition(":")[0]
        for statement in statements
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert services == {"rds-db", "logs", "xray", "ec2", "sqs", "kms"}
    (send,) = (statement for statement in statements if "sqs" in str(statement["Action"]))
    assert send["Action"] == "sqs:SendMessage"
    assert "AsyncInvocationsDeadLetterQueue" in json.dumps(send["Resource"])


@pytest.mark.parametrize("component", ["Operations", "Housekeeping"])
def test_both_wait_for_the_migration_that_makes_their_roles(every_environment: Synthesized, component: str) -> None:
    (run,) = every_environment.resources("Pipeline", "Custom::SchemaMigration")
    (function,) = _resources(every_environment, component, "AWS::Lambda::Function").values()
    mentions(component, function, {"DependsOn": run})


def test_nothing_but_people_calls_the_operations_function(every_environment: Synthesized) -> None:
    (function,) = _resources(every_environment, "Operations", "AWS::Lambda::Function")
    for type_ in ("Permission", "EventSourceMapping", "Url", "Alias"):
        for caller in every_environment.resources("Pipeline", f"AWS::Lambda::{type_}").values():
            assert function not in json.dumps(caller), type_


def test_old_rejects_are_removed_every_night(every_environment: Synthesized) -> None:
    schedule = every_environment.only("Pipeline", "AWS::Scheduler::Schedule")
    (function,) = _resources(every_environment, "Housekeeping", "AWS::Lambda::Function")
    assert schedule["ScheduleExpression"] == "cron(0 2 * * ? *)"
    spread = schedule["FlexibleTimeWindow"].get("MaximumWindowInMinutes", 0)
    assert spread <= 4 * 60, f"the schedule: MaximumWindowInMinutes is {spread}, and the night is over"
    assert schedule["Target"]["Arn"] == {"Fn::GetAtt": [function, "Arn"]}
    state = schedule.get("State", "ENABLED")  # which is what the scheduler takes for nothing
    assert state == "ENABLED", f"the schedule is {state}"


def test_the_scheduler_calls_as_a_role_that_serves_no_other_account_and_no_other_function(
    every_environment: Synthesized,
) -> None:
    (function,) = _resources(every_environment, "Housekeeping", "AWS::Lambda::Function")
    (group,) = every_environment.resources("Pipeline", "AWS::Scheduler::ScheduleGroup")
    (role,) = _resources(every_environment, "HousekeepingCaller", "AWS::IAM::Role").values()
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    ours = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}, "aws:SourceArn": {"Fn::GetAtt": [group, "Arn"]}}
    has("the scheduler's role", trust, {"Condition": {"StringEquals": ours}})
    (policy,) = _resources(every_environment, "HousekeepingCaller", "AWS::IAM::ManagedPolicy").values()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == (
        "lambda:InvokeFunction",
        {"Fn::GetAtt": [function, "Arn"]},
    )


def test_someone_hears_when_a_nights_run_is_given_up(every_environment: Synthesized) -> None:
    alarms = _resources(every_environment, "Housekeeping", "AWS::CloudWatch::Alarm").values()
    assert {alarm["Properties"]["MetricName"] for alarm in alarms} == {"AsyncEventsDropped", "InvocationDroppedCount"}
    for alarm in alarms:
        mentions(alarm["Properties"]["MetricName"], alarm["Properties"], {"AlarmActions": "AlertsTopic"})
        first = {"Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"}
        has(alarm["Properties"]["MetricName"], alarm["Properties"], first)
