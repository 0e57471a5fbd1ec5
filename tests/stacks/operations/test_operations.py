"""The functions that look up files and erase persons."""

import json
from dataclasses import replace

from config.environments import PROD
from tests.support.promises import only_connects_as
from tests.support.synthesis import Synthesized, synthesize


def test_each_function_may_only_connect_to_the_database_as_its_own_role(every_environment: Synthesized) -> None:
    for user, function in (("operations", "OperationsFunction"), ("operations_erasure", "OperationsErasureFunction")):
        only_connects_as(user, every_environment.statements_of("Operations", function))


def test_the_logs_are_kept_for_the_configured_days() -> None:
    config = PROD.operations
    assert config
    different = synthesize(replace(PROD, operations=replace(config, log_days=545)))
    groups = different.resources("Operations", "AWS::Logs::LogGroup")
    assert [group["Properties"]["RetentionInDays"] for group in groups.values()] == [545, 545]


def test_no_other_resource_invokes_the_functions(every_environment: Synthesized) -> None:
    functions = every_environment.resources("Operations", "AWS::Lambda::Function")
    assert len(functions) == 2
    for type_ in ("Permission", "EventSourceMapping", "Url", "Alias"):
        for caller in every_environment.resources("Operations", f"AWS::Lambda::{type_}").values():
            assert not any(function in json.dumps(caller) for function in functions), type_
