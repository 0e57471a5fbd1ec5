"""The alerts about costs."""

import json
from dataclasses import replace
from typing import Any

import pytest

from config.cost_guard import CostGuardConfig
from config.environments import LOCAL
from local_cloud.emulator.registration import uncovered
from tests.support.contracts.runtimes import listed
from tests.support.cost_guard.variants import ANOMALIES, BUDGET, GUARDED, MONITOR_ARN, UNUSUAL
from tests.support.foundation import SENDER_ACTIONS, key_policy, publishers
from tests.support.promises import has, mentions
from tests.support.synthesis import Synthesized, shipped, synthesize

STACK = "CostGuard"
BUDGETS, MONITOR, SUBSCRIPTION = "AWS::Budgets::Budget", "AWS::CE::AnomalyMonitor", "AWS::CE::AnomalySubscription"
OURS = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
SENDERS = {BUDGETS: "budgets.amazonaws.com", SUBSCRIPTION: "costalerts.amazonaws.com"}


@pytest.fixture
def guarded() -> Synthesized:
    return synthesize(GUARDED)


@pytest.fixture(params=sorted(UNUSUAL))
def variant(request: pytest.FixtureRequest) -> Synthesized:
    return synthesize(UNUSUAL[request.param])


def _alerts(synthesized: Synthesized) -> list[dict[str, Any]]:
    return list(synthesized.only(STACK, BUDGETS)["NotificationsWithSubscribers"])


def test_a_budget_counts_what_the_account_uses_in_a_month(guarded: Synthesized) -> None:
    """Credits, and what AWS pays back, would hide it."""
    budget = guarded.only(STACK, BUDGETS)["Budget"]
    has(
        "the budget",
        budget,
        {"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": 1200, "Unit": "USD"}},
    )
    has("the budget", budget["CostTypes"], {"IncludeCredit": False, "IncludeRefund": False})


def test_there_is_an_alert_at_each_percentage_and_about_the_forecast(guarded: Synthesized) -> None:
    alerts = [alert["Notification"] for alert in _alerts(guarded)]
    assert [(alert["NotificationType"], alert["Threshold"]) for alert in alerts] == [
        ("ACTUAL", 50),
        ("ACTUAL", 80),
        ("ACTUAL", 100),
        ("FORECASTED", 100),
    ]
    for alert in alerts:
        has("the alert", alert, {"ThresholdType": "PERCENTAGE", "ComparisonOperator": "GREATER_THAN"})


def test_every_alert_goes_to_the_alerts_topic_alone(guarded: Synthesized) -> None:
    """A budget's alert may have one topic; a subscription to immediate alerts may have one subscriber of any kind."""
    for alert in _alerts(guarded):
        (subscriber,) = alert["Subscribers"]
        has("the subscriber", subscriber, {"SubscriptionType": "SNS"})
        mentions("the subscriber", subscriber, {"Address": "AlertsTopic"})
    (subscriber,) = guarded.only(STACK, SUBSCRIPTION)["Subscribers"]
    has("the subscriber", subscriber, {"Type": "SNS"})
    mentions("the subscriber", subscriber, {"Address": "AlertsTopic"})


def test_anomalies_are_reported_at_once(guarded: Synthesized) -> None:
    """Cost Explorer refuses a topic with any other frequency."""
    has("the subscription", guarded.only(STACK, SUBSCRIPTION), {"Frequency": "IMMEDIATE"})


def test_anomalies_below_the_configured_impact_are_not_reported(guarded: Synthesized) -> None:
    impact = json.loads(guarded.only(STACK, SUBSCRIPTION)["ThresholdExpression"])["Dimensions"]
    assert impact == {
        "Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
        "MatchOptions": ["GREATER_THAN_OR_EQUAL"],
        "Values": ["100"],
    }


def test_a_new_monitor_watches_every_service_of_the_account(guarded: Synthesized) -> None:
    """Member accounts of an organization may have no other monitor."""
    has("the monitor", guarded.only(STACK, MONITOR), {"MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"})
    (monitor,) = guarded.resources(STACK, MONITOR)
    assert guarded.only(STACK, SUBSCRIPTION)["MonitorArnList"] == [{"Fn::GetAtt": [monitor, "MonitorArn"]}]


def test_an_existing_monitor_is_used_instead_of_a_second_one() -> None:
    """An account may have one monitor of services, and AWS creates one in most accounts."""
    existing = synthesize(UNUSUAL["cost guard, an existing monitor alone"])
    assert existing.resources(STACK, MONITOR) == {}
    assert existing.only(STACK, SUBSCRIPTION)["MonitorArnList"] == [MONITOR_ARN]


def test_a_budget_can_be_replaced_when_its_alerts_change(guarded: Synthesized) -> None:
    """CloudFormation replaces it then, and can't replace a resource with a custom name."""
    assert "BudgetName" not in guarded.only(STACK, BUDGETS)["Budget"]


def test_no_change_of_values_or_tags_replaces_a_monitor(guarded: Synthesized) -> None:
    """CloudFormation would create the new one first, and an account can't have two."""
    assert "ResourceTags" not in guarded.only(STACK, MONITOR) | guarded.only(STACK, SUBSCRIPTION)
    assert set(guarded.only(STACK, MONITOR)) == {"MonitorName", "MonitorType", "MonitorDimension"}


def test_aws_may_publish_to_the_encrypted_topic_for_this_account_only(variant: Synthesized) -> None:
    """Budgets refuses a topic to which it can't publish, and messages that can't be encrypted are lost."""
    wanted = {service for type_, service in SENDERS.items() if variant.resources(STACK, type_)}
    assert wanted
    topic = [one for one in publishers(variant) if str(one["Principal"].get("Service")) in SENDERS.values()]
    assert {one["Principal"]["Service"] for one in topic} == wanted
    key = [
        one
        for one in key_policy(variant, "KeysMessages")
        if isinstance(one["Principal"], dict) and str(one["Principal"].get("Service")) in SENDERS.values()
    ]
    assert {one["Principal"]["Service"] for one in key} == wanted
    for statement in topic:
        has(statement["Sid"], statement, {"Action": "sns:Publish", "Condition": OURS})
    for statement in key:
        has(statement["Sid"], statement, {"Condition": OURS})
        assert set(listed(statement["Action"])) == SENDER_ACTIONS


def test_the_topic_allows_it_before_a_budget_names_the_topic(guarded: Synthesized) -> None:
    assert guarded.stack("Foundation") in guarded.stack(STACK).dependencies


def test_an_environment_without_it_has_no_stack_and_no_other_publisher() -> None:
    prod = shipped("prod")
    assert STACK not in prod.templates
    assert not any(service in json.dumps(prod.templates["Foundation"]) for service in SENDERS.values())


def test_it_can_be_deployed_to_the_local_cloud() -> None:
    local = synthesize(replace(LOCAL, cost_guard=CostGuardConfig(budget=BUDGET, anomalies=ANOMALIES)))
    assert uncovered({resource["Type"] for resource in local.everything().values()}) == set()
