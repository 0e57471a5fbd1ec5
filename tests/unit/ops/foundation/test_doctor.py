"""Alerts that reach nobody are found."""

from __future__ import annotations

from config.model import FoundationConfig
from ops.environment.stacks import prefix
from ops.foundation.doctor import alerts_reach_people
from tests.support.ops.environment import deployed_stack, resource
from tests.support.ops.fake_dev import FakeDev
from tests.support.ops.stubs import Stubs

TOPIC = "AWS::SNS::Topic"
ADDRESS = FoundationConfig(log_bucket_days=7, alert_emails=("ops@example.com",))


def test_an_environment_without_an_address_for_alerts_is_a_problem(aws: Stubs, dev: FakeDev) -> None:
    (problem,) = alerts_reach_people(aws.environment())
    assert "set foundation.alert_emails" in problem
    dev.configure(foundation=ADDRESS)
    assert list(alerts_reach_people(aws.environment())) == []


def test_an_address_that_is_not_confirmed_is_a_problem(aws: Stubs, dev: FakeDev) -> None:
    dev.configure(foundation=ADDRESS)
    dev.existing = [
        deployed_stack(f"{prefix(aws.environment())}-foundation", resource(TOPIC)),
        deployed_stack(f"{prefix(aws.environment())}-other", resource(TOPIC)),
    ]
    subscriptions = [
        {"SubscriptionArn": "PendingConfirmation", "Protocol": "email", "Endpoint": "ops@example.com"},
        {"SubscriptionArn": "arn:aws:sns:1", "Protocol": "email", "Endpoint": "dev@example.com"},
    ]
    aws.expect("sns", "list_subscriptions_by_topic", {"Subscriptions": subscriptions}, {"TopicArn": "thing"})
    (problem,) = alerts_reach_people(aws.environment())
    assert problem.startswith("ops@example.com has not confirmed the subscription")
    assert "aws sns subscribe --topic-arn thing --protocol email --notification-endpoint ops@example.com" in problem
