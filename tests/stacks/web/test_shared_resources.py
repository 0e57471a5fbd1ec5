"""The statements that the web tier adds to shared keys and to the log bucket."""

import json
from dataclasses import replace

from tests.support.contracts.runtimes import listed
from tests.support.foundation import SENDER_ACTIONS, key_policy, log_writers
from tests.support.synthesis import Synthesized, synthesize


def test_load_balancers_write_logs_only_under_their_prefix(every_environment: Synthesized) -> None:
    without = log_writers(synthesize(replace(every_environment.environment, web=None)))
    ((bucket, _),) = every_environment.resources("Foundation", "AWS::S3::Bucket").items()
    assert log_writers(every_environment) == without | {
        "logdelivery.elasticloadbalancing.amazonaws.com": f"${{Foundation/{bucket}.Arn}}/alb/AWSLogs/<AccountId>/*"
    }


def test_auto_scaling_may_send_notifications_with_the_messages_key(every_environment: Synthesized) -> None:
    allowed = {
        action
        for statement in key_policy(every_environment, "KeysMessages")
        if "AWSServiceRoleForAutoScaling" in json.dumps(statement)
        for action in listed(statement["Action"])
    }
    assert allowed >= SENDER_ACTIONS, (
        f"Auto Scaling may {sorted(allowed)} with the messages key, and needs {SENDER_ACTIONS}"
    )


def test_only_auto_scaling_uses_the_messages_key_with_its_service_linked_role(every_environment: Synthesized) -> None:
    """The statement has no service principal, so only its condition excludes the other roles of the account."""
    (statement,) = (
        statement
        for key in every_environment.resources("Foundation", "AWS::KMS::Key").values()
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        if "Sid" in statement and statement["Principal"] == {"AWS": "*"}
    )
    role = json.dumps(statement["Condition"].get("ArnEquals", {}).get("aws:PrincipalArn", "missing"))
    assert role.endswith(':role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"]]}'), (
        f"{statement['Sid']}: aws:PrincipalArn under ArnEquals is {role}"
    )
