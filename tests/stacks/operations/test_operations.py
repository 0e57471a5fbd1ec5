"""The function that looks up files."""

import json
from dataclasses import replace

from config.environments import PROD
from tests.support.promises import has, only_connects_as
from tests.support.synthesis import Synthesized, synthesize


def test_the_function_may_only_connect_to_the_database_as_its_own_role(every_environment: Synthesized) -> None:
    statements = every_environment.statements_of("Operations", "OperationsFunction")
    only_connects_as("operations", statements)


def test_its_log_is_kept_for_the_configured_days() -> None:
    config = PROD.operations
    assert config
    different = synthesize(replace(PROD, operations=replace(config, log_days=545)))
    has("the log", different.only("Operations", "AWS::Logs::LogGroup"), {"RetentionInDays": 545})


def test_no_other_resource_invokes_the_operations_function(every_environment: Synthesized) -> None:
    (function,) = every_environment.resources("Operations", "AWS::Lambda::Function")
    for type_ in ("Permission", "EventSourceMapping", "Url", "Alias"):
        for caller in every_environment.resources("Operations", f"AWS::Lambda::{type_}").values():
            assert function not in json.dumps(caller), type_
