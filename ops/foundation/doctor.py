"""Checks that alerts reach people."""

from __future__ import annotations

from collections.abc import Iterator

from config.environments import named
from ops.common.check import Check, SkippedError
from ops.common.environment import DeployedEnvironment
from ops.environment.deployed import client, existing_stacks
from ops.environment.stacks import prefix


def alerts_reach_people(environment: DeployedEnvironment) -> Iterator[str]:
    """There is an address for alerts, and each address of a deployed topic is confirmed."""
    if environment.is_local:
        raise SkippedError("the local cloud sends no e-mail")
    if not named(environment.name).foundation.alert_emails:
        yield (
            f"{environment.name} has no address for alerts, so alarms reach nobody: set foundation.alert_emails in "
            "config/environments.py"
        )
    sns, foundation = client(environment, "sns"), f"{prefix(environment)}-foundation"
    topics = [
        topic.physical_id
        for stack in existing_stacks(environment)
        if stack.name == foundation
        for topic in stack.of_type("AWS::SNS::Topic")
    ]
    for topic in topics:
        for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic):
            for subscription in page["Subscriptions"]:
                if subscription["SubscriptionArn"] == "PendingConfirmation":
                    protocol, endpoint = subscription["Protocol"], subscription["Endpoint"]
                    yield (
                        f"{endpoint} has not confirmed the subscription to alerts: open the link in the e-mail. To "
                        f"send it again: `aws sns subscribe --topic-arn {topic} --protocol {protocol} "
                        f"--notification-endpoint {endpoint}`"
                    )


CHECKS = (Check(name="alerts reach people", problems=alerts_reach_people),)
