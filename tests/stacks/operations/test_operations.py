"""What the function that looks up files promises."""

import json
from dataclasses import replace
from typing import Any

from config.environments import PROD
from tests.support.promises import has
from tests.support.synthesis import Synthesized, synthesize


def _statements(synthesized: Synthesized) -> list[dict[str, Any]]:
    statements = synthesized.statements_of("Operations", "OperationsFunction")
    return [each for each in statements if each["Effect"] == "Allow"]


def test_the_function_may_connect_as_its_own_role_and_touch_nothing_else(every_environment: Synthesized) -> None:
    statements = _statements(every_environment)
    (connect,) = (statement for statement in statements if statement["Action"] == "rds-db:connect")
    assert json.dumps(connect["Resource"]).count("/operations") == 1
    services = {
        action.partition(":")[0]
        for statement in statements
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert services == {"rds-db", "logs", "xray", "ec2", "sqs", "kms"}
    (send,) = (statement for statement in statements if "sqs" in str(statement["Action"]))
    assert send["Action"] == "sqs:SendMessage"
    assert "AsyncInvocationsDeadLetterQueue" in json.dumps(send["Resource"])


def test_its_log_is_kept_for_its_own_days() -> None:
    config = PROD.operations
    assert config
    different = synthesize(replace(PROD, operations=replace(config, log_days=545)))
    has("the log", different.only("Operations", "AWS::Logs::LogGroup"), {"RetentionInDays": 545})


def test_nothing_but_people_calls_the_operations_function(every_environment: Synthesized) -> None:
    (function,) = every_environment.resources("Operations", "AWS::Lambda::Function")
    for type_ in ("Permission", "EventSourceMapping", "Url", "Alias"):
        for caller in every_environment.resources("Operations", f"AWS::Lambda::{type_}").values():
            assert function not in json.dumps(caller), type_
